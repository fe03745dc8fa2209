// Most is in include/CLinux.h; a target of C needs one source file.
#include "CLinux.h"
