# Usage: texts.sh DIR FILES LINES
# Writes files of words. They are made before the clock is started.

awk -v dir="$1" -v files="$2" -v lines="$3" 'BEGIN {
    for (file = 0; file < files; file++) {
        name = sprintf("%s/text-%05d.txt", dir, file)
        for (line = 0; line < lines; line++) print "the quick brown fox", line, file > name
        close(name)
    }
}'
