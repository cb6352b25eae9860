#!/bin/sh
# Says what it is told, louder.
exec cat <<END
$1!
END
