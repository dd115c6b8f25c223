# Usage: xargs.sh DIR WORKERS
# xargs starts `wc` for one file at a time, WORKERS at once.

find "$1" -name 'text-*.txt' | xargs -n 1 -P "$2" wc -w |
    awk '{ words += $1 } END { print "words:", words }'
