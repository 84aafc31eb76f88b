import Compression
import EndpointFixtures
import Foundation
import HTTPAPI
import HTTPTypes
import Platform
import Testing

@Suite struct `The page` {
    private let endpoint = makeEndpoint(FakeService())

    private static let files = PageFile.all.map(\.path)

    private func get(_ path: String, _ headers: HTTPFields = [:]) async throws -> Answer {
        try await exchange(.get, path, headers: headers, token: nil, endpoint: endpoint)
    }

    /// Whoever adds a file to the folder adds it to `page.c`.
    @Test func `is the folder's files, all of them and as they are`() throws {
        let folder = URL(filePath: #filePath).deletingLastPathComponent()
            .appending(path: "../../Sources/CPage/page")
        let names = try FileManager.default.contentsOfDirectory(atPath: folder.path)
        #expect(PageFile.all.map(\.name).sorted() == names.sorted())
        for file in PageFile.all {
            let text = try Data(contentsOf: folder.appending(path: file.name))
            #expect(file.bytes == Array(text), "\(file.name)")
        }
    }

    @Test(arguments: files)
    func `is served with all that keeps other pages out`(path: String) async throws {
        let answer = try await get(path)
        #expect(answer.status == 200)
        let expected: [(String, String)] = [
            (
                "Content-Security-Policy",
                "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self'; "
                    + "connect-src 'self'; form-action 'self'; base-uri 'none'; "
                    + "frame-ancestors 'none'; require-trusted-types-for 'script'; "
                    + "trusted-types 'none'"
            ),
            ("X-Content-Type-Options", "nosniff"), ("Referrer-Policy", "no-referrer"),
            ("Cross-Origin-Resource-Policy", "same-origin"), ("Cache-Control", "no-cache"),
            ("Vary", "Accept-Encoding"),
        ]
        for (name, value) in expected {
            #expect(answer.headers[try #require(.init(name))] == value, "\(name)")
        }
        #expect(answer.headers[.contentEncoding] == nil)
        let tag = try #require(answer.headers[.eTag])
        #expect(tag.hasPrefix("\"") && tag.hasSuffix("\""))
    }

    @Test(arguments: [
        ("/", "text/html; charset=utf-8"), ("/app.js", "text/javascript; charset=utf-8"),
        ("/app.css", "text/css; charset=utf-8"), ("/icon.svg", "image/svg+xml"),
    ])
    func `has the types that browsers want`(path: String, type: String) async throws {
        for accept in [
            "text/html,application/xhtml+xml,application/xml;q=0.9,image/avif,image/webp,*/*;q=0.8",
            "text/css,*/*;q=0.1", "image/avif,image/webp,image/svg+xml,image/*,*/*;q=0.8", "*/*",
        ] {
            let answer = try await get(path, [.accept: accept])
            #expect(answer.status == 200)
            #expect(answer.headers[.contentType] == type)
        }
    }

    @Test(arguments: [
        ("gzip, deflate, br, zstd", true), ("gzip", true), ("x-gzip", true), ("GZIP;Q=0.5", true),
        ("*", true), ("br, *;q=0.1", true), ("gzip;q=1.0, identity;q=0.5", true),
        ("identity;q=0, gzip;q=0.1", true), (nil, false), ("", false), ("identity", false),
        ("br", false), ("gzip;q=0", false), ("gzip; q=0.0", false), ("*;q=0", false),
        ("gzip;q=0, *", false), ("gzip;q=0.5, identity", false), ("gzip;q=x", false),
    ])
    func `is compressed for whom that pleases`(wish: String?, isGzip: Bool) async throws {
        let plain = try await get("/app.js")
        var headers = HTTPFields()
        headers[.acceptEncoding] = wish
        let answer = try await get("/app.js", headers)
        #expect(answer.headers[.contentEncoding] == (isGzip ? "gzip" : nil))
        #expect((answer.headers[.eTag] == plain.headers[.eTag]) == !isGzip)
        #expect(try isGzip ? inflated(answer.body) == plain.body : answer.body == plain.body)
    }

    private func inflated(_ bytes: [UInt8]) throws -> [UInt8] {
        let inflation = try GzipInflation()
        inflation.feed(bytes)
        var whole: [UInt8] = []
        while try unsafe inflation.next({ unsafe whole += $0 }) {}
        try inflation.finish()
        return whole
    }

    @Test(arguments: ["", "gzip"])
    func `isn't sent again to whoever has it`(encoding: String) async throws {
        let first = try await get("/app.js", [.acceptEncoding: encoding])
        let tag = try #require(first.headers[.eTag])
        for held in [tag, "W/\(tag)", "\"x\", \(tag)", "*"] {
            let again = try await get(
                "/app.js",
                [.acceptEncoding: encoding, .ifNoneMatch: held]
            )
            #expect(again.status == 304)
            #expect(again.body.isEmpty)
            for name in [HTTPField.Name.eTag, .cacheControl, .vary, .contentSecurityPolicy] {
                #expect(again.headers[name] == first.headers[name])
            }
            #expect(again.headers[.contentEncoding] == nil)
        }
        for other in ["\"x\"", tag.replacing("\"", with: ""), ""] {
            let again = try await get(
                "/app.js",
                [.acceptEncoding: encoding, .ifNoneMatch: other]
            )
            #expect(again.status == 200)
        }
        let other = try #require(
            try await get("/app.css", [.acceptEncoding: encoding]).headers[.eTag]
        )
        #expect(other != tag)
    }

    @Test(arguments: files)
    func `is read and nothing else`(path: String) async throws {
        for method in [HTTPRequest.Method.post, .put, .delete, .patch] {
            let answer = try await exchange(method, path, token: nil, endpoint: endpoint)
            #expect(answer.status == 405)
            #expect(answer.headers[.allow] == "GET, HEAD")
        }
        let head = try await exchange(.head, path, token: nil, endpoint: endpoint)
        let get = try await get(path)
        #expect(head.status == 200)
        #expect(head.body.isEmpty)
        #expect(head.headers[.contentLength] == "\(get.body.count)")
        #expect(head.headers[.eTag] == get.headers[.eTag])
    }

    @Test(arguments: files)
    func `keeps the rules of the door`(path: String) async throws {
        let tcp = makeConfiguration(listen: .tcp(host: "127.0.0.1", port: 8_480))
        let unix = makeConfiguration(listen: .unix(path: "/run/x"))
        let rows: [(EndpointConfiguration, String, String?, Int)] = [
            (tcp, "localhost:8480", nil, 200), (tcp, "evil.example", nil, 403),
            (tcp, "localhost:8480", "cross-site", 200), (unix, "localhost:9000", nil, 200),
            (unix, "localhost:9000", "none", 200), (unix, "localhost:9000", "same-origin", 200),
            (unix, "localhost:9000", "cross-site", 403), (unix, "evil.example:9000", nil, 403),
            (unix, "evil.example:9000", "none", 403),
        ]
        for (configuration, host, site, status) in rows {
            var headers: HTTPFields = [:]
            if let site { headers[try #require(.init("Sec-Fetch-Site"))] = site }
            let endpoint = makeEndpoint(FakeService(), configuration: configuration)
            let answer = try await WholeAnswer(
                of: endpoint,
                .get,
                path,
                host: host,
                headers: headers
            )
            #expect(answer.status == status, "\(host) \(site ?? "")")
        }
    }

    @Test(arguments: files)
    func `is nowhere where it isn't wanted`(path: String) async throws {
        var configuration = makeConfiguration()
        configuration.hasPage = false
        let bare = makeEndpoint(FakeService(), configuration: configuration)
        for method in [HTTPRequest.Method.get, .head, .post] {
            #expect(try await exchange(method, path, token: nil, endpoint: bare).status == 404)
        }
    }
}
