<% from "_line" import line with context %>
# musicdiff-job for /etc/cron.d, where a line names its user. Made by `musicdiff-job scaffold cron`; see docs/cron.md.
# The file belongs to root, mode 0644, and its name there must have no dot: /etc/cron.d/musicdiff.
<% if mailto %>
MAILTO=<%= mailto %>

<% endif %>

<%= schedule.cron %> <%= user %> <%= line("run --max-seconds %g" % time_budget) %>

41 7 * * * <%= user %> <%= line("status --check --max-age 26h") %>
