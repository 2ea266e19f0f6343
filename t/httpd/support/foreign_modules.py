"""Lines that load modules of others, as Debian has them."""

import pathlib

from conf import MODULES_DIR

# Debian's mod_qos does not name the library of regular expressions that it needs.
_PCRE = next((str(found) for folder in ("/lib", "/usr/lib") for found in pathlib.Path(folder).glob("*/libpcre.so.3")), "")
LOAD = {"qos": f"LoadFile {_PCRE}\nLoadModule qos_module {MODULES_DIR}/mod_qos.so",
        "security2": f"LoadModule unique_id_module {MODULES_DIR}/mod_unique_id.so\n"
                     f"LoadModule security2_module {MODULES_DIR}/mod_security2.so"}
