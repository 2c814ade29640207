import type { Migration } from '../ddl.ts'

export const createWebhooks: Migration = ({ text, integer, bytes, sequence, strict, strictByKey }) => [
  `CREATE TABLE webhook_endpoint (
    id ${text} NOT NULL PRIMARY KEY,
    participant_id ${text} NOT NULL,
    owner_name ${text} NOT NULL,
    roles ${text} NOT NULL,
    wmis ${text} NOT NULL,
    provider_ids ${text} NOT NULL,
    url ${text} NOT NULL,
    enabled_events ${text} NOT NULL,
    description ${text},
    metadata ${text} NOT NULL,
    wmi_filter ${text} NOT NULL,
    status ${text} NOT NULL CHECK (status IN ('ENABLED', 'DISABLED', 'SUSPENDED', 'DELETED')),
    secret ${bytes},
    previous_secret ${bytes},
    previous_secret_until_ms ${integer},
    dead_letters ${integer} NOT NULL,
    created_at_ms ${integer} NOT NULL,
    version ${integer} NOT NULL,
    CHECK ((secret IS NULL) = (status = 'DELETED')),
    CHECK ((previous_secret IS NULL) = (previous_secret_until_ms IS NULL))
  ) ${strict}`,
  `CREATE INDEX webhook_endpoint_by_owner ON webhook_endpoint (participant_id)`,
  `CREATE TABLE webhook_subscription (
    event_type ${text} NOT NULL,
    subject ${text} NOT NULL,
    wmi ${text} NOT NULL,
    endpoint_id ${text} NOT NULL REFERENCES webhook_endpoint (id),
    PRIMARY KEY (event_type, subject, wmi, endpoint_id)
  ) ${strictByKey}`,
  `CREATE INDEX webhook_subscription_by_endpoint ON webhook_subscription (endpoint_id)`,
  // The order of the rows is the order of the queue. An end is noted with the state that is one.
  `CREATE TABLE webhook_event (
    position ${sequence},
    event_id ${text} NOT NULL,
    endpoint_id ${text} NOT NULL REFERENCES webhook_endpoint (id),
    event_type ${text} NOT NULL,
    emaid_key ${text},
    pcid_key ${text},
    body ${bytes},
    state ${text} NOT NULL CHECK (state IN ('PENDING', 'RETRYING', 'DELIVERED', 'REJECTED', 'DEAD')),
    attempts ${integer} NOT NULL,
    attempts_before ${integer} NOT NULL,
    occurred_at_ms ${integer} NOT NULL,
    queued_at_ms ${integer} NOT NULL,
    next_at_ms ${integer} NOT NULL,
    ended_at_ms ${integer},
    UNIQUE (event_id, endpoint_id),
    CHECK ((ended_at_ms IS NULL) = (state IN ('PENDING', 'RETRYING'))),
    CHECK (body IS NOT NULL OR ended_at_ms IS NOT NULL)
  ) ${strict}`,
  `CREATE INDEX webhook_event_queued ON webhook_event (endpoint_id, position) WHERE ended_at_ms IS NULL`,
  `CREATE INDEX webhook_event_dead ON webhook_event (endpoint_id, position)
    WHERE state IN ('REJECTED', 'DEAD') AND body IS NOT NULL`,
  `CREATE INDEX webhook_event_by_end ON webhook_event (ended_at_ms) WHERE ended_at_ms IS NOT NULL`,
  `CREATE TABLE webhook_attempt (
    event_id ${text} NOT NULL,
    endpoint_id ${text} NOT NULL,
    number ${integer} NOT NULL,
    status ${integer},
    error ${text},
    started_at_ms ${integer} NOT NULL,
    latency_ms ${integer} NOT NULL,
    PRIMARY KEY (event_id, endpoint_id, number)
  ) ${strictByKey}`,
  `CREATE INDEX webhook_attempt_by_time ON webhook_attempt (started_at_ms)`,
]
