# Keeps an array in Ray's store of objects. Run by tests/integration/test_own_allocators.py.
import tempfile

import numpy
import ray

MIB = 1 << 20
with tempfile.TemporaryDirectory() as folder:
    ray.init(
        num_cpus=1, object_store_memory=200 * MIB, include_dashboard=False, log_to_driver=False, _temp_dir=folder
    )
    kept = ray.get(ray.put(numpy.ones(40 * MIB, dtype="u1")))
    own = bytearray(60 * MIB)  # the peak, which lasts until Ray's processes have ended
    ray.shutdown()
