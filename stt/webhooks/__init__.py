"""Tell other programs that a job has ended, by Standard Webhooks (https://www.standardwebhooks.com).

`subscriptions` keeps who wants to be told where, `deliveries` what was told, `sending` makes one request, and
`delivering` is the durable work: attempts over a day, each a workflow of its own.
"""
