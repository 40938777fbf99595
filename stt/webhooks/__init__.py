"""Webhooks that notify other programs that a job has ended, by Standard Webhooks (https://www.standardwebhooks.com).

`subscriptions` stores the addresses to notify, `deliveries` the notifications. `sending` makes one request;
`delivering` repeats failed requests for up to a day, each in a separate durable workflow.
"""
