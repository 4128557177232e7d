"""Base images made here from the Debian archive, in the shape of the published ones, for machines that reach no registry."""

import subprocess
import tarfile
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from .engine import Engine
from .kept import kept, key_of, locked
from .programs import CannotMake, require, uv_binary

__all__ = ["BUILD", "PACKAGING", "RUNTIME", "Base", "archive_of", "bring_bases", "image_of"]

SUITE = "trixie"
MOMENT = "315532800"  # 1980-01-01, the earliest that every archive format can state
PAPERS = ("/usr/share/doc/*", "/usr/share/man/*", "/usr/share/info/*", "/usr/share/locale/*", "/usr/share/lintian/*")
# mmdebstrap copies these from the machine it runs on.
FORGET_MACHINE = 'rm -f "$1"/etc/resolv.conf "$1"/etc/hostname'


@dataclass(frozen=True)
class Base:
    """One root file system: which Debian packages, and what of them is left out."""

    name: str
    include: tuple[str, ...]
    exclude: tuple[str, ...] = PAPERS
    hooks: tuple[str, ...] = (FORGET_MACHINE,)
    # "extract" only unpacks: five times faster than installing, and enough where no package manager runs.
    variant: str = "extract"
    suite: str = SUITE
    # A suite that only has what is newer than in `suite`; a package is taken from it as `NAME/SUITE`.
    beyond: str = ""
    # Another machine's, which nothing can run at its making.
    architecture: str = ""

    def command(self) -> list[str]:
        """The mmdebstrap command line, without the file to write."""
        kind = "extract" if self.variant == "extract" else "customize"
        return [
            "mmdebstrap", "--quiet", f"--variant={self.variant}", "--format=tar", '--aptopt=Acquire::Languages "none"',
            *([f"--include={','.join(self.include)}"] if self.include else []),
            *(f"--dpkgopt=path-exclude={pattern}" for pattern in self.exclude),
            *(f"--{kind}-hook={hook}" for hook in self.hooks),
            *([f"--architectures={self.architecture}", "--skip=check/qemu"] if self.architecture else []),
            # The date of an unstable suite's index says when the mirror took it; no security rests on it here.
            *(['--aptopt=Acquire::Check-Valid-Until "false"'] if self.suite != SUITE else []),
            self.suite,
        ]  # fmt: skip


BUILD = Base("build", ("base-files", "libc6", "dash", "coreutils", "sed", "grep", "findutils"))
# As distroless: no shell, no package manager; the C and C++ libraries, time zones, certificates.
RUNTIME = Base(
    "runtime",
    ("base-files", "libc6", "libgcc-s1", "libstdc++6", "tzdata", "netbase", "ca-certificates"),
    (
        *PAPERS, "/usr/bin/*", "/usr/sbin/*", "/usr/lib/*/gconv/*", "/usr/lib/*/libcrypto.so*", "/usr/lib/*/libssl.so*",
        "/usr/lib/*/ossl-modules/*", "/usr/lib/*/engines-3/*", "/usr/share/perl5/*", "/usr/share/gcc/*", "/usr/share/debconf/*",
    ),
    (FORGET_MACHINE, 'cat "$1"/usr/share/ca-certificates/mozilla/*.crt > "$1"/etc/ssl/certs/ca-certificates.crt'),
)  # fmt: skip
# A build base with a working apt, for services that name system packages.
PACKAGING = Base("packaging", (), variant="minbase")


def archive_of(base: Base) -> Path:
    """The base as a tar file, made from the archive that this machine's apt uses."""
    require("mmdebstrap")

    def make(directory: Path) -> None:
        command = [*base.command(), str(directory / "root.tar"), *sources(base)]
        made = subprocess.run(command, env=environment(), capture_output=True, text=True, check=False)
        if made.returncode != 0:
            raise CannotMake(
                f"mmdebstrap could not make the {base.name} base.\n\n{made.stderr[-2000:]}\n\nTry: {' '.join(command)}"
            )

    return kept(f"base-{base.name}-{key_of(*base.command(), MOMENT)}", make) / "root.tar"


def environment() -> dict[str, str]:
    return {
        "PATH": "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin",
        "LANG": "C.UTF-8",
        "SOURCE_DATE_EPOCH": MOMENT,
    }


def sources(base: Base) -> list[str]:
    """Where mmdebstrap takes packages from."""
    mirror = apt_mirror()
    if base.beyond and not mirror:
        raise CannotMake(f"apt on this machine names no Debian mirror, which {base.beyond} would be taken from.")
    return [*mirror, *(f"deb {mirror[0]} {base.beyond} main" for _ in mirror if base.beyond)]


def apt_mirror() -> list[str]:
    """The Debian mirror of this machine's own apt; mmdebstrap's default when it names none."""
    asked = subprocess.run(
        ["apt-get", "indextargets", "--format", "$(REPO_URI)", "Created-By: Packages"],
        capture_output=True,
        text=True,
        check=False,
    )
    return [line for line in asked.stdout.splitlines() if line.rstrip("/").endswith("/debian")][:1]


def uv_archive() -> Path:
    """A root file system with nothing but /uv, like the published uv image."""
    uv = uv_binary()

    def make(directory: Path) -> None:
        with tarfile.open(directory / "root.tar", "w") as tar, uv.open("rb") as content:
            entry = tarfile.TarInfo("uv")
            entry.size, entry.mode, entry.mtime = uv.stat().st_size, 0o755, int(MOMENT)
            tar.addfile(entry, content)

    return kept(f"uv-{key_of(uv.read_bytes())}", make) / "root.tar"


def image_of(engine: Engine, archive: Path) -> str:
    """The image with the content of `archive`, imported once; its tag changes with the recipe."""
    name, _, key = archive.parent.name.rpartition("-")
    image = f"localhost/lockstep-{name}:{key}"
    with locked(f"import-{name}"):
        engine.bring(archive, image)
    return image


def bring_bases(engine: Engine) -> Mapping[str, str]:
    """The build arguments that put local images in the place of the published ones."""
    return {
        "UV_IMAGE": image_of(engine, uv_archive()),
        "BUILD_IMAGE": image_of(engine, archive_of(BUILD)),
        "RUNTIME_IMAGE": image_of(engine, archive_of(RUNTIME)),
    }
