# Usage: loop.sh DIR
# Counts the words of one file after another.

for file in "$1"/text-*.txt; do
    wc -w < "$file"
done | awk '{ words += $1 } END { print "words:", words }'
