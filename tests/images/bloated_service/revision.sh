#!/bin/sh
# Says which revision of the service this is.
exec /usr/bin/env printf "%s-%s\n" "$1" "$(cat /srv/app/REVISION)"
