extension OpenAPIDocument {
    static let gatewayPaths = """
          /v4/openim/batchsendmsg:
            post:
              tags: [gateway]
              operationId: gatewayCall
              summary: Take in a batchsendmsg call as a campaign
              description: |
                Takes what Tencent takes, with any number of accounts in `To_Account` (named twice,
                they count once) up to `http.gatewayMaxBodyBytes`. `OK` means durable, and `MsgKey` is
                the campaign's id. The caller's UserSig is verified with this instance's key, and
                `identifier` must be `tencent.administrator`. Refusals have Tencent's codes. The same
                body again within 24 hours gets the first `MsgKey` and makes nothing. The campaign has
                `defaults.priority` and `defaults.onUnknown`.
              security: []
              parameters:
                - name: sdkappid
                  in: query
                  required: true
                  schema: { type: integer, minimum: 1, maximum: 4294967295 }
                - name: identifier
                  in: query
                  required: true
                  schema: { type: string, minLength: 1 }
                - name: usersig
                  in: query
                  required: true
                  schema: { type: string, minLength: 1 }
                - name: random
                  in: query
                  schema: { type: integer, minimum: 0, maximum: 4294967295 }
                - name: contenttype
                  in: query
                  schema: { type: string }
              requestBody:
                required: true
                content:
                  application/json:
                    schema:
                      type: object
                      required: [To_Account, MsgRandom, MsgBody]
                      properties:
                        To_Account:
                          type: array
                          minItems: 1
                          items: { type: string, minLength: 1, maxLength: 32 }
                        MsgRandom: { type: integer, minimum: 0, maximum: 4294967295 }
                        MsgSeq: { type: integer, minimum: 0, maximum: 4294967295 }
                        MsgBody: { type: array, minItems: 1, items: { type: object } }
              responses:
                '200': { $ref: '#/components/responses/Envelope' }
                default: { $ref: '#/components/responses/Problem' }
          /v4/{service}/{command}:
            parameters:
              - name: service
                in: path
                required: true
                schema: { type: string, minLength: 1 }
              - name: command
                in: path
                required: true
                schema: { type: string, minLength: 1 }
            post:
              tags: [gateway]
              operationId: unknownCommand
              summary: Refuse every other command of Tencent's with FAIL 60009
              security: []
              responses:
                '200': { $ref: '#/components/responses/Envelope' }
                default: { $ref: '#/components/responses/Problem' }
        """
}
