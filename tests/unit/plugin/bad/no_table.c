/* Its entry returns no table. */
#include <berth/abi.h>

__attribute__((visibility("default"))) const berth_plugin* berth_plugin_v0(void);
const berth_plugin* berth_plugin_v0(void) { return NULL; }
