"""The build of the package compiles the engine fused_cpu beforehand, so that a first fit need not.

By default for the instruction set of the building machine; CHALKNET_WHEEL=1 compiles for every one of its
architecture, for wheels that are published. CHALKNET_WHEEL=pure compiles nothing, for a wheel that is the
same everywhere, in a browser too. Where numba does not work the package is built without compiled code, and
the first fit compiles it.
"""

import os
import subprocess
import sys
import sysconfig
from pathlib import Path

from hatchling.builders.hooks.plugin.interface import BuildHookInterface

OBJECTS = Path("src", "chalknet", "engine", "fused_cpu", "objects")


class CompiledEngine(BuildHookInterface):
    """Puts object code into the package, and its platform into the wheel's name."""

    PLUGIN_NAME = "custom"

    def initialize(self, version, build_data):
        """Compile before the files of a wheel, or of an editable install, are gathered."""
        if os.environ.get("CHALKNET_WHEEL") == "pure":
            return
        words = ["--missing", *["--all"] * (os.environ.get("CHALKNET_WHEEL") == "1")]
        script = Path(self.root, "tools", "compile_objects.py")
        self.app.display_info(
            "chalknet: compiling the engine fused_cpu, about a minute for each instruction set"
        )
        done = subprocess.run([sys.executable, "-P", str(script), *words], stderr=subprocess.PIPE, text=True)
        if done.returncode:
            why = (done.stderr.strip().splitlines() or ["no reason was given"])[-1]
            self.app.display_warning(
                f"chalknet: built without compiled code ({why}); the first fit by fused_cpu compiles it, once"
            )
            return
        build_data["artifacts"].append(str(OBJECTS / "*.bin"))
        build_data["pure_python"] = False
        platform = os.environ.get("AUDITWHEEL_PLAT") or sysconfig.get_platform()
        build_data["tag"] = f"py3-none-{platform.replace('-', '_').replace('.', '_')}"
