#!/bin/sh
#SBATCH --array=1-40 --cpus-per-task=4 --requeue
# sbatch slurm.sh GRID, in a folder that all nodes see; a part that is killed goes on where it stopped, up to three times.
# When all tasks are done: apicsim campaign merge part-*.ndjson --out result.ndjson
for try in 1 2 3; do
  apicsim campaign "$1" -j "$SLURM_CPUS_PER_TASK" --partition "slice:$SLURM_ARRAY_TASK_ID/$SLURM_ARRAY_TASK_COUNT" \
    --out "part-$SLURM_ARRAY_TASK_ID.ndjson" && exit
done
exit 1
