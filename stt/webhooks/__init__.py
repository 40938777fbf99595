"""Notify other programs that a job has ended, by Standard Webhooks (https://www.standardwebhooks.com).

`subscriptions` stores the addresses to notify, `deliveries` the notifications, `sending` makes one request, and
`delivering` is the durable work: attempts over a day, each a separate workflow.
"""
