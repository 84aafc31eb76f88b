import DeliveryCore

/// The description of the endpoint, as `GET /openapi.yaml` serves it.
///
/// It is written by hand, so that it can say why; tests hold it against the route table, the
/// problems' slugs and the vocabulary's cases.
package enum OpenAPIDocument {
    package static let text = [
        head, campaignPaths, recipientPaths, servicePaths, gatewayPaths, components,
    ]
    .joined(separator: "\n")

    private static let head = """
        openapi: 3.1.0
        info:
          title: fanoutd
          version: "1"
          description: |
            Sends one message to very many Tencent IM users, within the app's quota.

            JSON is UTF-8 without duplicate names; times are RFC 3339, in with any offset, out in UTC
            with milliseconds. Unknown fields and query parameters are refused. `HEAD` is answered
            wherever `GET` is. Answers carry `Cache-Control: no-store`. On TCP every route but
            `/healthz`, `/readyz` and `/v4/…` wants a bearer token, and the `Host` must be a loopback name or
            that of `http.listen` (any address, where that is all of them); on a Unix socket no token
            is asked for. There a browser (`Sec-Fetch-Site` or `Origin`) must use a loopback `Host` and
            ask for a page of that same origin or for a person: otherwise 403 `cross-site`.
            A token that may only read is refused (403) what changes anything.

            Of a document no more is read than a good one can have: a message of three times
            `limits.packetBytes` as it is written, white space aside, and 16 KiB for the other fields
            beside `recipients`. A refusal lists 50 faults at most. Long answers share a bounded
            memory; while too many of them are left unread the next one is told to wait (503).
        servers:
          - url: /
        security:
          - token: []
        tags:
          - name: campaigns
          - name: recipients
          - name: service
          - name: gateway
            description: |
              For programs written for Tencent's own API: they change the URL and nothing else.
              Answers are Tencent's envelope with status 200, refusals too.
        paths:
        """

    private static let campaignPaths = """
          /v1/campaigns:
            post:
              tags: [campaigns]
              operationId: createCampaign
              summary: Create a campaign
              description: |
                With `recipients` it starts at once unless `start` is false; without, it is a draft
                that takes a stream of recipients. 201 means durable.
              parameters:
                - name: Idempotency-Key
                  in: header
                  description: |
                    The same key with the same body gets the first answer again and makes nothing;
                    with another body 422, while the first request is running 409. Keys belong to
                    the token. Only a 201 is remembered, for 24 hours. With a key, `eta` is null in
                    the answer.
                  schema: { type: string, minLength: 1, maxLength: 255 }
              requestBody:
                required: true
                content:
                  application/json:
                    schema: { $ref: '#/components/schemas/NewCampaign' }
                    examples:
                      small:
                        value:
                          name: Singles' Day
                          message:
                            From_Account: dave
                            MsgBody:
                              - { MsgType: TIMTextElem, MsgContent: { Text: "hi, beauty" } }
                          recipients: [bonnie, rong]
              responses:
                '201':
                  description: The campaign
                  headers:
                    Location:
                      description: The campaign's path
                      required: true
                      schema: { type: string }
                  content:
                    application/json:
                      schema: { $ref: '#/components/schemas/Campaign' }
                default: { $ref: '#/components/responses/Problem' }
            get:
              tags: [campaigns]
              operationId: listCampaigns
              summary: List campaigns, newest first
              parameters:
                - name: state
                  in: query
                  description: Only campaigns in one of these states
                  schema:
                    type: array
                    items: { $ref: '#/components/schemas/CampaignState' }
                - { $ref: '#/components/parameters/limit' }
                - { $ref: '#/components/parameters/cursor' }
              responses:
                '200':
                  description: A page
                  content:
                    application/json:
                      schema:
                        type: object
                        required: [items, next_cursor]
                        properties:
                          items:
                            type: array
                            items: { $ref: '#/components/schemas/Campaign' }
                          next_cursor: { $ref: '#/components/schemas/NextCursor' }
                default: { $ref: '#/components/responses/Problem' }
          /v1/campaigns/{id}:
            parameters:
              - { $ref: '#/components/parameters/id' }
            get:
              tags: [campaigns]
              operationId: showCampaign
              summary: Show a campaign
              responses:
                '200': { $ref: '#/components/responses/Campaign' }
                default: { $ref: '#/components/responses/Problem' }
            patch:
              tags: [campaigns]
              operationId: patchCampaign
              summary: Change a campaign's settings
              description: |
                A JSON merge patch (RFC 7396): null takes a cap or a time away, and makes the name
                empty; `priority` can't be null. `start_at` can be changed until the campaign has
                started, and is refused (409) from then on.
              requestBody:
                required: true
                content:
                  application/merge-patch+json:
                    schema: { $ref: '#/components/schemas/CampaignPatch' }
                  application/json:
                    schema: { $ref: '#/components/schemas/CampaignPatch' }
              responses:
                '200': { $ref: '#/components/responses/Campaign' }
                default: { $ref: '#/components/responses/Problem' }
            delete:
              tags: [campaigns]
              operationId: deleteCampaign
              summary: Delete a draft, completed, canceled or expired campaign
              responses:
                '204':
                  description: It is gone, with its recipients
                default: { $ref: '#/components/responses/Problem' }
          /v1/campaigns/{id}/start:
            parameters:
              - { $ref: '#/components/parameters/id' }
            post:
              tags: [campaigns]
              operationId: startCampaign
              summary: Start a draft, now or at its start_at
              description: An empty draft, or one that is being streamed into, is refused (409).
              responses:
                '200': { $ref: '#/components/responses/Campaign' }
                default: { $ref: '#/components/responses/Problem' }
          /v1/campaigns/{id}/pause:
            parameters:
              - { $ref: '#/components/parameters/id' }
            post:
              tags: [campaigns]
              operationId: pauseCampaign
              summary: Pause a campaign; calls in flight end first
              responses:
                '200': { $ref: '#/components/responses/Campaign' }
                default: { $ref: '#/components/responses/Problem' }
          /v1/campaigns/{id}/resume:
            parameters:
              - { $ref: '#/components/parameters/id' }
            post:
              tags: [campaigns]
              operationId: resumeCampaign
              summary: Go on with a paused or halted campaign
              responses:
                '200': { $ref: '#/components/responses/Campaign' }
                default: { $ref: '#/components/responses/Problem' }
          /v1/campaigns/{id}/cancel:
            parameters:
              - { $ref: '#/components/parameters/id' }
            post:
              tags: [campaigns]
              operationId: cancelCampaign
              summary: End a campaign; whoever was not addressed becomes canceled
              responses:
                '200': { $ref: '#/components/responses/Campaign' }
                default: { $ref: '#/components/responses/Problem' }
          /v1/campaigns/{id}/retry:
            parameters:
              - { $ref: '#/components/parameters/id' }
            post:
              tags: [campaigns]
              operationId: retryCampaign
              summary: Put failed and unknown recipients back in the queue
              description: |
                Without a body everybody who failed or is unknown. Who is unknown may have got the
                message: name `failed` alone to send nothing twice. Refused (409) past `expires_at`.
                It goes in steps, between which others are sent to, and is answered after the last
                one: for millions that is some seconds. Should it break off, with 503 or 507 or
                without an answer, some are put back; asking again puts back the others.
              requestBody:
                required: false
                content:
                  application/json:
                    schema:
                      type: object
                      additionalProperties: false
                      properties:
                        status:
                          type: [array, 'null']
                          minItems: 1
                          items: { type: string, enum: [failed, unknown] }
                        codes:
                          description: Only those with one of these codes
                          type: [array, 'null']
                          minItems: 1
                          maxItems: \(RetryFilter.codeLimit)
                          items: { type: integer, format: int64 }
              responses:
                '200':
                  description: How many will be sent again
                  content:
                    application/json:
                      schema:
                        type: object
                        required: [requeued]
                        properties:
                          requeued: { type: integer, minimum: 0 }
                default: { $ref: '#/components/responses/Problem' }
        """

    private static let recipientPaths = """
          /v1/campaigns/{id}/recipients:
            parameters:
              - { $ref: '#/components/parameters/id' }
            post:
              tags: [recipients]
              operationId: addRecipients
              summary: Stream recipients into a draft
              description: |
                A stream of any length. Accounts that the campaign has already are dropped, invalid
                lines are counted and left out. What was read before a stream broke stays, and
                sending it again is harmless. Blank lines, one CR before LF and a leading BOM are
                ignored, nothing else is trimmed. Only for a draft (409).
              parameters:
                - name: Content-Encoding
                  in: header
                  schema: { type: string, enum: [identity, gzip] }
              requestBody:
                required: true
                content:
                  text/plain:
                    schema: { type: string, description: One account a line }
                  application/x-ndjson:
                    schema:
                      type: string
                      description: 'A line is a string or {"account": "…"}'
                  text/csv:
                    schema:
                      type: string
                      description: |
                        The first column, or the one headed account; RFC 4180
              responses:
                '200':
                  description: What was taken in, durably
                  content:
                    application/json:
                      schema: { $ref: '#/components/schemas/Intake' }
                default: { $ref: '#/components/responses/Problem' }
            get:
              tags: [recipients]
              operationId: listRecipients
              summary: List recipients, in the order of their accounts' bytes
              description: |
                Pages as JSON; as NDJSON or CSV (by `Accept`) the whole list as one stream, for which
                `limit` is refused. A stream that fails, or whose campaign is deleted meanwhile,
                breaks the connection, it never ends cleanly. Every recipient comes once, as it
                stood when its part of the list was read.
              parameters:
                - name: status
                  in: query
                  description: Only recipients of one of these statuses
                  schema:
                    type: array
                    items: { $ref: '#/components/schemas/RecipientStatus' }
                - name: code
                  in: query
                  description: Only recipients with one of these codes
                  schema:
                    type: array
                    maxItems: \(Query.valueLimit)
                    items: { type: integer, format: int64 }
                - { $ref: '#/components/parameters/limit' }
                - { $ref: '#/components/parameters/cursor' }
              responses:
                '200':
                  description: A page, or all
                  content:
                    application/json:
                      schema:
                        type: object
                        required: [items, next_cursor]
                        properties:
                          items:
                            type: array
                            items: { $ref: '#/components/schemas/Recipient' }
                          next_cursor: { $ref: '#/components/schemas/NextCursor' }
                    application/x-ndjson:
                      schema: { type: string, description: A recipient a line }
                    text/csv:
                      schema:
                        type: string
                        description: |
                          RFC 4180 with a header; the columns are those of a recipient, in its order
                default: { $ref: '#/components/responses/Problem' }
          /v1/campaigns/{id}/recipients/{account}:
            parameters:
              - { $ref: '#/components/parameters/id' }
              - name: account
                in: path
                required: true
                description: The account, percent-encoded; compared byte for byte
                schema: { type: string, minLength: 1, maxLength: 32 }
            get:
              tags: [recipients]
              operationId: showRecipient
              summary: Show what became of one recipient
              responses:
                '200':
                  description: The recipient
                  content:
                    application/json:
                      schema: { $ref: '#/components/schemas/Recipient' }
                default: { $ref: '#/components/responses/Problem' }
        """

    private static let servicePaths = """
          /v1/plan:
            post:
              tags: [service]
              operationId: plan
              summary: Say what a message would take; nothing is stored
              description: |
                For a service that does nothing else, where every call is answered at once and nobody
                has to be tried again.
              requestBody:
                required: true
                content:
                  application/json:
                    schema: { $ref: '#/components/schemas/PlanRequest' }
              responses:
                '200':
                  description: The plan
                  content:
                    application/json:
                      schema: { $ref: '#/components/schemas/Plan' }
                default: { $ref: '#/components/responses/Problem' }
          /v1/quota:
            get:
              tags: [service]
              operationId: showQuota
              summary: Show where the quota and all sending stand
              responses:
                '200': { $ref: '#/components/responses/Quota' }
                default: { $ref: '#/components/responses/Problem' }
          /v1/pause:
            post:
              tags: [service]
              operationId: pauseAll
              summary: Pause all sending; survives a restart
              responses:
                '200': { $ref: '#/components/responses/Quota' }
                default: { $ref: '#/components/responses/Problem' }
          /v1/resume:
            post:
              tags: [service]
              operationId: resumeAll
              summary: Go on with all sending; ends a halt too
              responses:
                '200': { $ref: '#/components/responses/Quota' }
                default: { $ref: '#/components/responses/Problem' }
          /v1/events:
            get:
              tags: [service]
              operationId: watchEvents
              summary: Watch campaigns and the quota
              description: |
                Server-sent events: `event: campaign` with a campaign and `event: quota` with the
                quota, each the whole object. First every campaign that hasn't ended, or the one asked
                for, and the quota; then whatever changes, at most four times a second for each. A
                comment comes every 15 seconds. Watching one campaign ends when it is deleted; a
                client that doesn't read is cut off, and starts afresh when it connects again. Beyond
                some five hundred watchers the next one is told to wait (503).
              parameters:
                - name: campaign
                  in: query
                  description: Watch this campaign alone, ended or not
                  schema: { type: string, format: uuid }
              responses:
                '200':
                  description: The events, until the client goes or the service stops
                  content:
                    text/event-stream:
                      schema:
                        description: One event of the stream
                        type: object
                        required: [event, data]
                        properties:
                          event: { type: string, enum: [campaign, quota] }
                          data:
                            description: A Campaign or a Quota, by `event`
                            type: string
                            contentMediaType: application/json
                default: { $ref: '#/components/responses/Problem' }
          /healthz:
            get:
              tags: [service]
              operationId: health
              summary: Say that the process works
              security: []
              responses:
                '200':
                  description: It works
                  content:
                    application/json:
                      schema:
                        type: object
                        required: [status]
                        properties:
                          status: { const: ok }
                default: { $ref: '#/components/responses/Problem' }
          /readyz:
            get:
              tags: [service]
              operationId: readiness
              summary: Say whether messages go out, or will without anybody's help
              security: []
              responses:
                '200':
                  description: In `running`, `throttled` and `paused`
                  content:
                    application/json:
                      schema:
                        type: object
                        required: [state, reason]
                        properties:
                          state: { type: string, enum: [running, throttled, paused] }
                          reason: { $ref: '#/components/schemas/Reason' }
                default: { $ref: '#/components/responses/Problem' }
          /metrics:
            get:
              tags: [service]
              operationId: metrics
              summary: Show the metrics in Prometheus' text format
              description: |
                No account is in any of them. A campaign isn't either: its own figures are at its
                path.
              responses:
                '200':
                  description: Families with `HELP` and `TYPE`, format 0.0.4
                  content:
                    text/plain; version=0.0.4; charset=utf-8:
                      schema: { type: string }
                default: { $ref: '#/components/responses/Problem' }
          /openapi.yaml:
            get:
              tags: [service]
              operationId: openAPI
              summary: Show this document
              responses:
                '200':
                  description: This document
                  content:
                    application/yaml:
                      schema: { type: object }
                default: { $ref: '#/components/responses/Problem' }
        """
}
