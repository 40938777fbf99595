"""Notify other programs by webhooks that a job has ended.

The messages have the format of Standard Webhooks (https://www.standardwebhooks.com).
`subscriptions` stores the URLs to notify, and `deliveries` stores the notifications. `sending` makes one request, and
`delivering` repeats failed requests for up to a day. Each request is a separate durable workflow.
"""
