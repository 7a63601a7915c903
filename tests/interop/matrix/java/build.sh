#!/bin/sh
# Fetches Java's ASAP library into a directory of the build tree and builds the client there.
#   tests/interop/matrix/java/build.sh DIRECTORY
set -eu

here=$(cd "$(dirname "$0")" && pwd)
directory=$1

for program in javac mvn; do
    command -v $program >/dev/null || {
        echo "java: there is no $program; run deploy/build-deps.sh default-jdk-headless maven" >&2
        exit 1
    }
done
mkdir -p "$directory"
if ! cmp -s "$here/pom.xml" "$directory/installed.xml"; then
    rm -rf "${directory:?}/lib"
    mvn --batch-mode --quiet --file "$here/pom.xml" -Dmaven.repo.local="$directory/repository" \
        dependency:copy-dependencies -DoutputDirectory="$directory/lib"
    cp "$here/pom.xml" "$directory/installed.xml"
fi
javac -cp "$directory/lib/*" -d "$directory" "$here/Client.java"
