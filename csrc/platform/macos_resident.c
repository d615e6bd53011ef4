/* What the kernel and malloc report of this process's memory. */
#include <mach/mach.h>
#include <malloc/malloc.h>
#include <stddef.h>
#include <sys/resource.h>

#include "fil_format.h"
#include "platform/platform.h"

/* For filprofiler/library.py, which queries another process. */
_Static_assert(RUSAGE_INFO_V0 == 0 && sizeof(struct rusage_info_v0) == 96, "process_usage");
_Static_assert(offsetof(struct rusage_info_v0, ri_resident_size) == 64, "process_usage");
_Static_assert(offsetof(struct rusage_info_v0, ri_phys_footprint) == 72, "process_usage");

/* Anonymous: what the system itself shows as a program's memory, its footprint, including what it has compressed. The
 * supervisor reads the same from outside. Shared memory is not separate. */
bool platform_resident(struct fil_rss_sample *reading)
{
    task_vm_info_data_t facts;
    mach_msg_type_number_t count = TASK_VM_INFO_COUNT;
    if (task_info(mach_task_self(), TASK_VM_INFO, (task_info_t)&facts, &count) != KERN_SUCCESS ||
        count < TASK_VM_INFO_REV1_COUNT) {
        return false;
    }
    reading->anonymous_bytes = facts.phys_footprint;
    reading->file_bytes = facts.external;
    reading->shared_bytes = 0;
    return true;
}

uint64_t platform_allocator_free(void)
{
    malloc_statistics_t facts = {0, 0, 0, 0};
    malloc_zone_statistics(NULL, &facts); /* of all zones */
    return facts.size_allocated > facts.size_in_use ? facts.size_allocated - facts.size_in_use : 0;
}
