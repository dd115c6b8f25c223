# Usage: jobs.sh DIR WORKERS
# Starts WORKERS jobs. Job 0 counts files 0, W, 2W, …; job 1 counts 1, W+1, …

job=0
while [ "$job" -lt "$2" ]; do
    (
        number=0
        for file in "$1"/text-*.txt; do
            if [ $((number % $2)) -eq "$job" ]; then
                wc -w < "$file"
            fi
            number=$((number + 1))
        done
    ) > "$1/counts-$job" &
    job=$((job + 1))
done
wait
cat "$1"/counts-* | awk '{ words += $1 } END { print "words:", words }'
