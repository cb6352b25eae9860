#!/bin/sh
# Says what it is told, louder.
echo "$1!"
