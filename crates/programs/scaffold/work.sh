# Usage: work.sh WORKERS PIECES
# Does pieces of work, so many at a time, and says how many were done.

piece() {
    awk 'BEGIN { for (i = 0; i < 300000; i++) sum += i % 7; print sum }' > /dev/null
}

worker=0
while [ "$worker" -lt "$1" ]; do
    # Worker 0 takes pieces 0, W, 2W, …; worker 1 takes 1, W+1, …
    (
        next=$worker
        while [ "$next" -lt "$2" ]; do
            piece
            next=$((next + $1))
        done
    ) &
    worker=$((worker + 1))
done
wait
echo "pieces: $2"
