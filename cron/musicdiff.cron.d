# musicdiff-job for /etc/cron.d, where a line names its user. Made by `musicdiff-job scaffold cron`; see docs/cron.md.
# The file belongs to root, mode 0644, and its name there must have no dot: /etc/cron.d/musicdiff.

17 * * * * musicdiff MUSICDIFF_LOG_FILE=~/musicdiff/musicdiff.log ~/musicdiff/bin/musicdiff-job -q run --max-seconds 600 --env-file ~/musicdiff/musicdiff.env

41 7 * * * musicdiff MUSICDIFF_LOG_FILE=~/musicdiff/musicdiff.log ~/musicdiff/bin/musicdiff-job -q status --check --max-age 26h --env-file ~/musicdiff/musicdiff.env
