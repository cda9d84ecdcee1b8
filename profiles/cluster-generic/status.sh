#!/bin/sh
# What has become of the job with this number: prints running, success or failed. One of these lines for each scheduler:
state=$(scontrol show job "$1" 2>/dev/null | sed -n 's/.*JobState=\([A-Z_]*\).*/\1/p')             # Slurm
# state=$(qstat -xf "$1" | sed -n 's/.*job_state = //p; s/.*Exit_status = /EXIT/p' | tr -d '\n')      # PBS
# state=$(qstat -j "$1" >/dev/null 2>&1 && echo RUN || qacct -j "$1" | awk '/^(failed|exit_status)/{s+=$2} END{print "EXIT" s}')  # SGE
# state=$(bjobs -noheader -o stat "$1")                                                               # LSF
case "$state" in
  COMPLETED | DONE | *EXIT0) echo success ;;
  BOOT_FAIL | CANCELLED | DEADLINE | FAILED | NODE_FAIL | OUT_OF_MEMORY | TIMEOUT | EXIT | *EXIT[1-9-]*) echo failed ;;
  *) echo running ;; # and where the scheduler gives no answer for a moment
esac
