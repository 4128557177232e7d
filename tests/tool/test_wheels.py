"""What a wheel installs is said by its RECORD: of its installer's files only its own are left out."""

import base64
import hashlib
import io
import zipfile

from lockstep_tool.environments.wheels import recorded


def wheel(*names: str) -> zipfile.ZipFile:
    """A wheel with these files, each with its own name as content."""
    own = "bleach-6.2.dist-info"
    lines = []
    file = io.BytesIO()
    with zipfile.ZipFile(file, "w") as archive:
        for name in (f"{own}/WHEEL", *names):
            archive.writestr(name, name)
            said = base64.urlsafe_b64encode(hashlib.sha256(name.encode()).digest()).decode().rstrip("=")
            lines.append(f"{name},sha256={said},{len(name)}")
        archive.writestr(f"{own}/RECORD", "\n".join([*lines, f"{own}/RECORD,,"]))
    return zipfile.ZipFile(file)


def test_the_installer_s_notes_of_a_vendored_package_are_files_like_any() -> None:
    vendored = "bleach/_vendor/html5lib-1.1.dist-info/INSTALLER"
    found = recorded(wheel("bleach/__init__.py", vendored, "bleach-6.2.dist-info/INSTALLER"))

    assert sorted(found) == ["bleach-6.2.dist-info/WHEEL", "bleach/__init__.py", vendored]
