#!/bin/sh
# Copies Debian's Python to another prefix, where it installs into lib/pythonX.Y/site-packages like upstream's.
set -eu

version=$1
target=$2
library=$target/lib/python$version

mkdir -p "$target/bin" "$target/lib" "$target/include"
cp "/usr/bin/python$version" "$target/bin/python$version"
ln -s "python$version" "$target/bin/python3"
ln -s python3 "$target/bin/python"
cp -rL "/usr/lib/python$version" "$library"
cp -rL "/tmp/dev/usr/include/python$version" "$target/include/python$version"
cp /tmp/dev/usr/include/*/"python$version/pyconfig.h" "$target/include/python$version/pyconfig.h"
# Debian's `site` is frozen into the binary and only looks into dist-packages: that is the same folder here.
mkdir -p "$library/site-packages"
ln -s site-packages "$library/dist-packages"

# What Debian added for its own packages: the marker, the crash reporter, and the layout of dist-packages.
rm -rf "$library/EXTERNALLY-MANAGED" "$library/sitecustomize.py" "$library/_distutils_system_mod.py"
find "$library" -name __pycache__ -prune -exec rm -rf '{}' +
sed -i "s/prefix_scheme = 'posix_local'/prefix_scheme = 'posix_prefix'/" "$library/sysconfig/__init__.py"
grep -q "prefix_scheme = 'posix_prefix'" "$library/sysconfig/__init__.py"
