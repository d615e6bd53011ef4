#include "attribute/walker.h"

struct walker walker;
