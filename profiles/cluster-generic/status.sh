#!/bin/sh
# What has become of the job with this number: prints running, success or failed. One of these lines for each scheduler:
state=$(scontrol show job "$1" 2>/dev/null | sed -n 's/.*JobState=\([A-Z_]*\).*/\1/p')             # Slurm
# state=$(qstat -xf "$1" | sed -n 's/.*job_state = //p; s/.*Exit_status = /EXIT/p' | tr -d '\n')      # PBS
# SGE: accounting knows an ended job only some 15 s after qstat has forgotten it, and has a record for each time it was started.
# state=$(case $(qstat -j "$1" 2>&1) in *"do not exist"*) n=0; until qacct -j "$1" 2>/dev/null || [ $((n += 1)) -gt 12 ]; do sleep 5; done | awk '/^=/ {s = 0} /^(failed|exit_status)/ {s += $2} END {print "EXIT" s}';; *"error reason"*) qdel "$1" >&2; echo EXIT1;; esac)
# state=$(bjobs -noheader -o stat "$1")                                                               # LSF
case "$state" in
  COMPLETED | DONE | *EXIT0) echo success ;;
  BOOT_FAIL | CANCELLED | DEADLINE | FAILED | NODE_FAIL | OUT_OF_MEMORY | TIMEOUT | EXIT | *EXIT[1-9-]*) echo failed ;;
  *) echo running ;; # and where the scheduler gives no answer for a moment
esac
