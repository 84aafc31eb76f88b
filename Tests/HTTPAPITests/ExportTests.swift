import DeliveryCore
import DeliveryEngine
import HTTPAPI
import HTTPTypes
import Platform
import Synchronization
import TestSupport
import Testing

/// What a page's form downloads.
@Suite struct `An export by form` {
    private let service = FakeService()
    private let endpoint: Endpoint
    private let log = LogLines { "\($0.message) \($0.metadata)" }

    init() {
        endpoint = makeEndpoint(service, logger: log.logger)
    }

    private func makeNamed(_ name: String = "n") async throws -> String {
        let id = try await makeCampaign(endpoint, recipients: ["a", "f"])
        let key = try #require(Campaign.ID(id))
        service.state.withLock { state in
            state.campaigns[key]?.name = name
            state.recipients[key]?[Account("f")]?.status = .failed
            state.recipients[key]?[Account("f")]?.code = 70_107
        }
        return id
    }

    private func download(
        _ id: String,
        _ form: String,
        type: String? = "application/x-www-form-urlencoded",
        headers: HTTPFields = [:],
        token: String? = nil,
        uri: String = "",
        endpoint: Endpoint? = nil
    ) async throws -> Answer {
        try await exchange(
            .post,
            "/v1/campaigns/\(id)/export\(uri)",
            form,
            type: type,
            headers: headers,
            token: token,
            endpoint: endpoint ?? self.endpoint
        )
    }

    @Test(arguments: [
        ("", nil, 401), ("access_token=", nil, 401), ("access_token=w-toke", nil, 401),
        ("access_token=W-token", nil, 401), ("access_token=w-token", nil, 200),
        ("access_token=w%2Dtoken", nil, 200), ("access_token=r-token", nil, 200),
        ("", writeToken, 200), ("", readToken, 200), ("", "wrong", 401),
        // The header decides where there is one.
        ("access_token=w-token", "wrong", 401), ("access_token=wrong", readToken, 200),
        ("access_token=w-token&access_token=w-token", nil, 400),
    ])
    func `takes a token in the form or in the header`(
        form: String,
        header: String?,
        status: Int
    ) async throws {
        let id = try await makeNamed()
        let answer = try await download(id, form, token: header)
        #expect(answer.status == status)
        #expect((answer.headers[.wwwAuthenticate] != nil) == (status == 401))
        #expect(!answer.text.contains("w-token"))
        #expect(log.all.allSatisfy { !$0.contains("token") })
    }

    @Test func `asks for none on a Unix socket, and lets no other site's page in`() async throws {
        let id = try await makeNamed()
        let configuration = makeConfiguration(listen: .unix(path: "/run/x"))
        let unix = makeEndpoint(service, configuration: configuration)
        #expect(try await download(id, "status=sent", endpoint: unix).status == 200)
        let site = try #require(HTTPField.Name("Sec-Fetch-Site"))
        for (value, status) in [("same-origin", 200), ("cross-site", 403), ("same-site", 403)] {
            let answer = try await download(id, "", headers: [site: value], endpoint: unix)
            #expect(answer.status == status)
        }
    }

    @Test(arguments: [
        ("", ["a", "f"]), ("status=failed", ["f"]), ("status=failed&status=queued", ["a", "f"]),
        ("status=failed,queued", ["a", "f"]), ("code=70107", ["f"]), ("code=1,70107", ["f"]),
        ("code=1&code=2", []), ("status=&code=&format=", ["a", "f"]),
    ])
    func `has those who are asked for`(form: String, accounts: [String]) async throws {
        let id = try await makeNamed()
        let answer = try await download(id, "access_token=r-token&\(form)")
        let rows = answer.text.split(separator: "\r\n").dropFirst()
        #expect(rows.compactMap { $0.split(separator: ",").first.map { String($0) } } == accounts)
    }

    @Test func `is the stream that a GET answers`() async throws {
        let id = try await makeNamed()
        for (format, type) in [("csv", "text/csv"), ("ndjson", "application/x-ndjson")] {
            let answer = try await download(id, "access_token=r-token&format=\(format)")
            let stream = try await exchange(
                .get,
                "/v1/campaigns/\(id)/recipients",
                headers: [.accept: type],
                endpoint: endpoint
            )
            #expect(answer.body == stream.body)
            #expect(answer.headers[.contentType] == stream.headers[.contentType])
            #expect(answer.headers[.cacheControl] == "no-store")
            #expect(answer.headers[.xContentTypeOptions] == "nosniff")
        }
    }

    @Test(arguments: [
        ("status=gone", 400), ("code=x", 400), ("format=xlsx", 400), ("format=csv&format=csv", 400),
        ("limit=1", 400), ("status=%ZZ", 400),
        ("code=" + (1...100).map { "\($0)" }.joined(separator: ","), 200),
        ("code=" + (1...101).map { "\($0)" }.joined(separator: ","), 400),
        ("status=" + String(repeating: "x", count: Form.sizeLimit), 413),
    ])
    func `refuses what it doesn't understand`(form: String, status: Int) async throws {
        let id = try await makeNamed()
        #expect(try await download(id, "access_token=r-token&\(form)").status == status)
    }

    @Test func `is a form, and nothing in the address`() async throws {
        let id = try await makeNamed()
        for type in ["application/json", "text/plain", "multipart/form-data; boundary=x"] {
            #expect(try await download(id, "access_token=r-token", type: type).status == 415)
        }
        for uri in ["?access_token=r-token", "?status=sent"] {
            #expect(try await download(id, "access_token=r-token", uri: uri).status == 400)
        }
        let unknown = "01a1fcaa-663e-7f5b-a659-375a205d7d9e"
        #expect(try await download(unknown, "access_token=r-token").status == 404)
        #expect(try await download(unknown, "access_token=x").status == 401)
        let get = try await exchange(.get, "/v1/campaigns/\(id)/export", endpoint: endpoint)
        #expect(get.status == 405)
    }

    @Test(arguments: [
        ("Singles' Day", "Singles' Day-failed.csv", "Singles%27%20Day-failed.csv"),
        ("双十一", "___-failed.csv", "%E5%8F%8C%E5%8D%81%E4%B8%80-failed.csv"),
        ("a\"b\\c/d:e", "a_b_c_d_e-failed.csv", "a_b_c_d_e-failed.csv"),
        ("a\r\nSet-Cookie: x", "a__Set-Cookie_ x-failed.csv", "a__Set-Cookie_%20x-failed.csv"),
        ("100%", "100_-failed.csv", "100%25-failed.csv"),
        ("../.bashrc", "_._.bashrc-failed.csv", "_._.bashrc-failed.csv"),
        ("\u{202E}gpj.exe", "_gpj.exe-failed.csv", "_gpj.exe-failed.csv"),
    ])
    func `is named after its campaign`(name: String, ascii: String, full: String) async throws {
        let id = try await makeNamed(name)
        let answer = try await download(id, "access_token=r-token&status=failed")
        #expect(
            answer.headers[.contentDisposition]
                == "attachment; filename=\"\(ascii)\"; filename*=UTF-8''\(full)"
        )
    }

    @Test(arguments: ["", "   "])
    func `is named after the id where the campaign has no name`(name: String) async throws {
        let id = try await makeNamed(name)
        let answer = try await download(id, "access_token=r-token&format=ndjson")
        #expect(
            answer.headers[.contentDisposition]
                == "attachment; filename=\"\(id).ndjson\"; filename*=UTF-8''\(id).ndjson"
        )
    }

    @Test(arguments: [
        ("", ".csv"), ("status=unknown,failed&code=70107", "-failed-unknown-70107.csv"),
        ("code=4,3,2,1", "-4-codes.csv"), ("status=sent,failed,queued,unknown", "-4-statuses.csv"),
    ])
    func `says in its name who is in it`(form: String, end: String) async throws {
        let id = try await makeNamed("n")
        let answer = try await download(id, "access_token=r-token&\(form)")
        #expect(answer.headers[.contentDisposition]?.hasSuffix("''n\(end)") == true)
    }

    @Test func `has a name that a file system takes`() async throws {
        let id = try await makeNamed(String(repeating: "名", count: 66))
        let answer = try await download(id, "access_token=r-token&status=failed")
        let text = try #require(answer.headers[.contentDisposition])
        #expect(text.matches(of: #/%E5%90%8D/#).count == 50)
    }
}
