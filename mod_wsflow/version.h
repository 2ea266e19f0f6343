/* Version of the module; the C-ABI side of it is the module record in mod_wsflow.cpp. */
#pragma once

#define WSFLOW_VERSION "0.1.0"
