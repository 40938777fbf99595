"""Webhooks that notify other programs that a job has ended, by Standard Webhooks (https://www.standardwebhooks.com).

`subscriptions` stores the addresses to notify, `deliveries` stores the notifications. `sending` makes one request, and
`delivering` repeats failed requests for up to a day. Each request is a separate durable workflow.
"""
