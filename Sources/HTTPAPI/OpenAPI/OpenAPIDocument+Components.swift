import HTTPTypes

extension OpenAPIDocument {
    static let components = [parts, campaignSchemas, messageSchemas, otherSchemas, problemSchema]
        .joined(separator: "\n")

    private static let parts = """
        components:
          securitySchemes:
            token:
              type: http
              scheme: bearer
              description: The token in `http.tokenFile`, or one of `http.tokensFile`
          parameters:
            id:
              name: id
              in: path
              required: true
              description: The campaign's id, a UUID of version 7 in lower case
              schema: { type: string, format: uuid }
            limit:
              name: limit
              in: query
              description: The most items of one page; there may be fewer and still a next page
              schema: { type: integer, minimum: 1, maximum: 1000, default: 100 }
            cursor:
              name: cursor
              in: query
              description: The `next_cursor` of the page before, unchanged; good across restarts
              schema: { type: string }
          responses:
            Campaign:
              description: The campaign as it is now
              content:
                application/json:
                  schema: { $ref: '#/components/schemas/Campaign' }
            Quota:
              description: The quota as it is now
              content:
                application/json:
                  schema: { $ref: '#/components/schemas/Quota' }
            Envelope:
              description: Tencent's envelope; `FAIL` with a code says why nothing was taken in
              content:
                application/json:
                  schema:
                    type: object
                    required: [ActionStatus, ErrorInfo, ErrorCode]
                    properties:
                      ActionStatus: { type: string, enum: [OK, FAIL] }
                      ErrorInfo: { type: string }
                      ErrorCode: { type: integer }
                      MsgKey: { type: string, maxLength: 50 }
            Problem:
              description: A refusal, which says what is wrong, where, and what would do
              headers:
                Retry-After:
                  description: Seconds; with 503 and 507, and with 409 of a key in use
                  schema: { type: integer }
                WWW-Authenticate:
                  description: With 401
                  schema: { type: string }
                Allow:
                  description: With 405
                  schema: { type: string }
                Accept:
                  description: With 415, the media types that are taken
                  schema: { type: string }
                Accept-Encoding:
                  description: With 415, the encodings that are taken
                  schema: { type: string }
              content:
                application/problem+json:
                  schema: { $ref: '#/components/schemas/Problem' }
          schemas:
            Account:
              description: |
                1 to 32 bytes of UTF-8 without control characters; compared byte for byte, never
                normalised
              type: string
              minLength: 1
              maxLength: 32
              pattern: '^[^\\x00-\\x1f\\x7f-\\x9f]+$'
            NextCursor:
              description: Null at the end
              type: [string, 'null']
            Time:
              type: string
              format: date-time
              description: UTC with milliseconds
            OptionalTime:
              type: [string, 'null']
              format: date-time
            Priority:
              description: The classes share the quota 16 to 4 to 1 while all have work
              type: string
              enum: [high, normal, low]
            OnUnknown:
              description: |
                When a call's outcome can't be known: `resend` makes the very same call again (at
                least once), `leave` makes its accounts `unknown` (at most once)
              type: string
              enum: [resend, leave]
            CampaignState:
              type: string
              enum: [draft, scheduled, running, paused, halted, completed, canceled, expired]
            RecipientStatus:
              type: string
              enum: [queued, sending, retrying, sent, failed, unknown, canceled, expired]
            ServiceState:
              type: string
              enum: [halted, store_failed, paused, unreachable, throttled, running]
            Reason:
              description: Why it is halted, or doesn't send; null if it isn't or does
              type: [object, 'null']
              required: [code, text]
              properties:
                code: { type: [integer, 'null'], description: Tencent's code }
                text: { type: string }
        """

    private static let campaignSchemas = """
            Name:
              type: string
              maxLength: 200
              description: At most 200 bytes, no control characters
              pattern: '^[^\\x00-\\x1f\\x7f-\\x9f]*$'
            Cap:
              description: |
                A cap of the campaign's own, in recipients in any 60 seconds; at most
                `limits.messagesPerMinute`
              type: [integer, 'null']
              minimum: 1
            NewCampaign:
              type: object
              additionalProperties: false
              required: [message]
              properties:
                name: { $ref: '#/components/schemas/Name' }
                message: { $ref: '#/components/schemas/Message' }
                recipients:
                  description: |
                    For small campaigns; one bad account refuses all. Left out, the campaign is a
                    draft for a stream.
                  type: array
                  minItems: 1
                  items: { $ref: '#/components/schemas/Account' }
                start:
                  description: True with recipients, false without, unless it is said
                  type: [boolean, 'null']
                priority:
                  description: '`defaults.priority` unless it is said'
                  oneOf:
                    - { $ref: '#/components/schemas/Priority' }
                    - { type: 'null' }
                messages_per_minute: { $ref: '#/components/schemas/Cap' }
                start_at:
                  description: A time that is past means now
                  type: [string, 'null']
                  format: date-time
                expires_at:
                  description: Must lie ahead, and after start_at
                  type: [string, 'null']
                  format: date-time
                on_unknown:
                  description: '`defaults.onUnknown` unless it is said'
                  oneOf:
                    - { $ref: '#/components/schemas/OnUnknown' }
                    - { type: 'null' }
            CampaignPatch:
              type: object
              additionalProperties: false
              properties:
                name:
                  description: Null makes it empty
                  oneOf:
                    - { $ref: '#/components/schemas/Name' }
                    - { type: 'null' }
                priority: { $ref: '#/components/schemas/Priority' }
                messages_per_minute: { $ref: '#/components/schemas/Cap' }
                start_at: { $ref: '#/components/schemas/OptionalTime' }
                expires_at: { $ref: '#/components/schemas/OptionalTime' }
            Campaign:
              type: object
              required: [id, name, state, reason, priority, on_unknown, messages_per_minute,
                created_at, start_at, expires_at, started_at, finished_at, message, counts, resent,
                failures, messages_last_minute, eta]
              properties:
                id: { type: string, format: uuid }
                name: { type: string }
                state: { $ref: '#/components/schemas/CampaignState' }
                reason: { $ref: '#/components/schemas/Reason' }
                priority: { $ref: '#/components/schemas/Priority' }
                on_unknown: { $ref: '#/components/schemas/OnUnknown' }
                messages_per_minute: { type: [integer, 'null'], minimum: 1 }
                created_at: { $ref: '#/components/schemas/Time' }
                start_at: { $ref: '#/components/schemas/OptionalTime' }
                expires_at: { $ref: '#/components/schemas/OptionalTime' }
                started_at: { $ref: '#/components/schemas/OptionalTime' }
                finished_at: { $ref: '#/components/schemas/OptionalTime' }
                message: { type: object, description: The message as it was submitted }
                counts: { $ref: '#/components/schemas/Counts' }
                resent:
                  description: Recipients of calls repeated after an unknown outcome
                  type: integer
                  minimum: 0
                failures:
                  description: Failed recipients by Tencent's code
                  type: array
                  items:
                    type: object
                    required: [code, count]
                    properties:
                      code: { type: integer }
                      count: { type: integer, minimum: 0 }
                messages_last_minute:
                  description: Recipients addressed in the last 60 seconds
                  type: integer
                  minimum: 0
                eta:
                  description: Null unless running or scheduled
                  type: [string, 'null']
                  format: date-time
            Counts:
              description: How many recipients stand where; they add up to `total`
              type: object
              required: [total, queued, sending, retrying, sent, failed, unknown, canceled, expired]
              properties:
                total: { type: integer, minimum: 0 }
                queued: { type: integer, minimum: 0 }
                sending: { type: integer, minimum: 0 }
                retrying: { type: integer, minimum: 0 }
                sent: { type: integer, minimum: 0 }
                failed: { type: integer, minimum: 0 }
                unknown: { type: integer, minimum: 0 }
                canceled: { type: integer, minimum: 0 }
                expired: { type: integer, minimum: 0 }
        """

    private static let messageSchemas = """
            Message:
              description: |
                The request fields of Tencent's batchsendmsg but `To_Account`, `MsgRandom` and
                `MsgSeq`, which are the service's own. With one account of 32 bytes it must fit
                `limits.packetBytes`. Inside `MsgContent` and `OfflinePushInfo` fields unknown here
                pass through as written.
              type: object
              additionalProperties: false
              required: [MsgBody]
              properties:
                SyncOtherMachine: { type: integer, enum: [1, 2] }
                From_Account: { $ref: '#/components/schemas/Account' }
                MsgBody:
                  description: At most one element may be a TIMCustomElem
                  type: array
                  minItems: 1
                  contains: { properties: { MsgType: { const: TIMCustomElem } } }
                  minContains: 0
                  maxContains: 1
                  items: { $ref: '#/components/schemas/Element' }
                OnlineOnlyFlag: { type: integer, enum: [0, 1] }
                MsgLifeTime: { type: integer, minimum: 0, maximum: 604800 }
                CloudCustomData: { type: string }
                SendMsgControl:
                  type: array
                  items:
                    type: string
                    enum: [NoUnread, NoLastMsg, WithMuteNotifications, NoMsgCheck]
                OfflinePushInfo: { type: object }
                IsNeedReadReceipt: { type: integer, enum: [0, 1] }
            Element:
              oneOf:
                - { $ref: '#/components/schemas/TIMTextElem' }
                - { $ref: '#/components/schemas/TIMLocationElem' }
                - { $ref: '#/components/schemas/TIMFaceElem' }
                - { $ref: '#/components/schemas/TIMCustomElem' }
                - { $ref: '#/components/schemas/TIMSoundElem' }
                - { $ref: '#/components/schemas/TIMImageElem' }
                - { $ref: '#/components/schemas/TIMFileElem' }
                - { $ref: '#/components/schemas/TIMVideoFileElem' }
            TIMTextElem:
              type: object
              additionalProperties: false
              required: [MsgType, MsgContent]
              properties:
                MsgType: { const: TIMTextElem }
                MsgContent:
                  type: object
                  required: [Text]
                  properties:
                    Text: { type: string }
            TIMLocationElem:
              type: object
              additionalProperties: false
              required: [MsgType, MsgContent]
              properties:
                MsgType: { const: TIMLocationElem }
                MsgContent:
                  type: object
                  required: [Latitude, Longitude]
                  properties:
                    Desc: { type: string }
                    Latitude: { type: number }
                    Longitude: { type: number }
            TIMFaceElem:
              type: object
              additionalProperties: false
              required: [MsgType, MsgContent]
              properties:
                MsgType: { const: TIMFaceElem }
                MsgContent:
                  type: object
                  properties:
                    Index: { type: integer, minimum: -2147483648, maximum: 4294967295 }
                    Data: { type: string }
            TIMCustomElem:
              type: object
              additionalProperties: false
              required: [MsgType, MsgContent]
              properties:
                MsgType: { const: TIMCustomElem }
                MsgContent:
                  type: object
                  properties:
                    Data: { type: string }
                    Desc: { type: string }
                    Ext: { type: string }
                    Sound: { type: string }
            TIMSoundElem:
              type: object
              additionalProperties: false
              required: [MsgType, MsgContent]
              properties:
                MsgType: { const: TIMSoundElem }
                MsgContent:
                  type: object
                  properties:
                    Url: { type: string }
                    UUID: { type: string }
                    Size: { type: integer, minimum: 0, maximum: 4294967295 }
                    Second: { type: integer, minimum: 0, maximum: 4294967295 }
                    Download_Flag: { type: integer, enum: [2] }
            TIMImageElem:
              type: object
              additionalProperties: false
              required: [MsgType, MsgContent]
              properties:
                MsgType: { const: TIMImageElem }
                MsgContent:
                  type: object
                  required: [ImageInfoArray]
                  properties:
                    UUID: { type: string }
                    ImageFormat: { type: integer, enum: [1, 2, 3, 4, 255] }
                    ImageInfoArray:
                      type: array
                      items: { $ref: '#/components/schemas/Picture' }
            TIMFileElem:
              type: object
              additionalProperties: false
              required: [MsgType, MsgContent]
              properties:
                MsgType: { const: TIMFileElem }
                MsgContent:
                  type: object
                  properties:
                    Url: { type: string }
                    UUID: { type: string }
                    FileSize: { type: integer, minimum: 0, maximum: 4294967295 }
                    FileName: { type: string }
                    Download_Flag: { type: integer, enum: [2] }
            TIMVideoFileElem:
              type: object
              additionalProperties: false
              required: [MsgType, MsgContent]
              properties:
                MsgType: { const: TIMVideoFileElem }
                MsgContent:
                  type: object
                  properties:
                    VideoUrl: { type: string }
                    VideoUUID: { type: string }
                    VideoSize: { type: integer, minimum: 0, maximum: 4294967295 }
                    VideoSecond: { type: integer, minimum: 0, maximum: 4294967295 }
                    VideoFormat: { type: string }
                    VideoDownloadFlag: { type: integer, enum: [2] }
                    ThumbUrl: { type: string }
                    ThumbUUID: { type: string }
                    ThumbSize: { type: integer, minimum: 0, maximum: 4294967295 }
                    ThumbWidth: { type: integer, minimum: 0, maximum: 4294967295 }
                    ThumbHeight: { type: integer, minimum: 0, maximum: 4294967295 }
                    ThumbFormat: { type: string }
                    ThumbDownloadFlag: { type: integer, enum: [2] }
            Picture:
              type: object
              properties:
                Type: { type: integer, enum: [1, 2, 3] }
                Size: { type: integer, minimum: 0, maximum: 4294967295 }
                Width: { type: integer, minimum: 0, maximum: 4294967295 }
                Height: { type: integer, minimum: 0, maximum: 4294967295 }
                URL: { type: string }
        """

    private static let otherSchemas = """
            Recipient:
              type: object
              required: [account, status, code, info, attempts, msg_key, updated_at,
                next_attempt_at]
              properties:
                account: { type: string }
                status: { $ref: '#/components/schemas/RecipientStatus' }
                code:
                  description: Tencent's code; null before any answer, 0 when sent
                  type: [integer, 'null']
                info:
                  description: The code in words, or what happened instead of an answer
                  type: [string, 'null']
                attempts: { type: integer, minimum: 0 }
                msg_key:
                  description: Of the call that accepted the recipient
                  type: [string, 'null']
                updated_at: { $ref: '#/components/schemas/Time' }
                next_attempt_at: { $ref: '#/components/schemas/OptionalTime' }
            Intake:
              type: object
              required: [accepted, duplicates, invalid, invalid_examples, total]
              properties:
                accepted: { type: integer, minimum: 0 }
                duplicates: { type: integer, minimum: 0 }
                invalid: { type: integer, minimum: 0 }
                invalid_examples:
                  type: array
                  maxItems: 10
                  items:
                    type: object
                    required: [line, reason]
                    properties:
                      line: { type: integer, minimum: 1 }
                      reason: { type: string }
                total:
                  description: Recipients of the campaign in all
                  type: integer
                  minimum: 0
            PlanRequest:
              description: The recipients, or how many they are and how long on average
              type: object
              additionalProperties: false
              required: [message]
              properties:
                message: { $ref: '#/components/schemas/Message' }
                recipients:
                  type: array
                  minItems: 1
                  items: { $ref: '#/components/schemas/Account' }
                count: { type: integer, minimum: 1, maximum: 1000000000 }
                mean_account_bytes: { type: number, minimum: 1, maximum: 32 }
              oneOf:
                - required: [recipients]
                  properties: { count: false, mean_account_bytes: false }
                - required: [count, mean_account_bytes]
                  properties: { recipients: false }
            Plan:
              type: object
              required: [batches, largest_batch_accounts, largest_packet_bytes, seconds]
              properties:
                batches: { type: integer, minimum: 1, description: Calls }
                largest_batch_accounts: { type: integer, minimum: 1 }
                largest_packet_bytes: { type: integer, minimum: 1 }
                seconds:
                  description: Until the last call goes out
                  type: integer
                  minimum: 0
            Quota:
              type: object
              required: [messages_per_minute, window_used, next_call_at, calls_per_second, state,
                reason, in_flight, config_error]
              properties:
                messages_per_minute: { type: integer, minimum: 1 }
                window_used:
                  description: Recipients that count against the quota now
                  type: integer
                  minimum: 0
                next_call_at:
                  description: When the next full batch fits
                  type: string
                  format: date-time
                calls_per_second: { type: integer, minimum: 1 }
                state: { $ref: '#/components/schemas/ServiceState' }
                reason: { $ref: '#/components/schemas/Reason' }
                in_flight: { type: integer, minimum: 0 }
                config_error:
                  description: Why the last reload of the configuration was refused
                  type: [string, 'null']
        """

    private static let problemSchema = """
            Problem:
              description: RFC 9457
              type: object
              required: [type, title, status, detail]
              properties:
                type:
                  description: |
                    Each kind has one status:

        \(statuses)
                  type: string
                  enum:
        \(slugs)
                title: { type: string }
                status: { type: integer, minimum: 400, maximum: 599 }
                detail: { type: string }
                state:
                  description: The campaign's or the service's, where that is what is wrong
                  type: string
                errors:
                  description: The invalid fields, all of them
                  type: array
                  items:
                    type: object
                    required: [pointer, detail]
                    properties:
                      pointer: { type: string, description: A JSON pointer into the body }
                      detail: { type: string }
                intake: { $ref: '#/components/schemas/Intake' }

        """

    private static var slugs: String {
        Problem.Slug.allCases.map { "            - \($0.type)" }.joined(separator: "\n")
    }

    private static var statuses: String {
        Problem.Slug.allCases
            .map { "            - `\($0.rawValue)` \($0.status.code): \($0.title)" }
            .joined(separator: "\n")
    }
}
