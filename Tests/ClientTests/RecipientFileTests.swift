import Client
import Foundation
import Glibc
import NIOCore
import Platform
import TestSupport
import Testing

@Suite struct RecipientFileTests {
    /// What each kind of file begins with, and a word of what it is called.
    private static let foreign: [(name: String, bytes: [UInt8], kind: String)] = [
        ("gzip", [0x1F, 0x8B, 8, 0], "gzip"), ("zip", Array("PK".utf8) + [3, 4, 20, 0], "zip"),
        ("xz", [0xFD] + Array("7zXZ".utf8) + [0, 0], "xz"),
        ("bzip2", Array("BZh9".utf8) + [0x31, 0x41, 0x59, 0x26, 0x53, 0x59], "bzip2"),
        ("zstd", [0x28, 0xB5, 0x2F, 0xFD, 4], "zstd"),
        ("7z", [0x37, 0x7A, 0xBC, 0xAF, 0x27, 0x1C], "7z"),
        ("UTF-16 LE", [0xFF, 0xFE] + wide("bonnie\n"), "UTF-16"),
        ("UTF-16 BE", [0xFE, 0xFF, 0, 0x62], "UTF-16"),
        ("UTF-16 without a mark", wide("bonnie\nrong\n"), "UTF-16"),
        ("UTF-32", [0xFF, 0xFE, 0, 0, 0x62, 0, 0, 0], "UTF-32"),
        ("PDF", Array("%PDF-1.7\n".utf8), "PDF"),
        ("old office", [0xD0, 0xCF, 0x11, 0xE0, 0xA1, 0xB1, 0x1A, 0xE1], "office"),
        ("SQLite", Array("SQLite format 3".utf8) + [0], "SQLite"),
        ("a zero", Array("bonnie\nro".utf8) + [0] + Array("ng\n".utf8), "binary"),
        (
            "a zero far behind",
            Array(String(repeating: "bonnie\n", count: 40_000).utf8) + [0],
            "binary"
        ),
    ]

    private static func wide(_ text: String) -> [UInt8] {
        text.utf16.flatMap { [UInt8($0 & 0xFF), UInt8($0 >> 8)] }
    }

    private func refusal(_ bytes: [UInt8], _ name: String) async throws -> CommandFailure? {
        let folder = try TemporaryFolder()
        defer { folder.remove() }
        let path = try folder.write(name, bytes: bytes)
        do {
            _ = try await read(RecipientFile(path: path, format: nil))
            return nil
        } catch let failure as CommandFailure {
            return failure
        }
    }

    private func read(_ file: RecipientFile) async throws -> [UInt8] {
        var bytes: [UInt8] = []
        for try await piece in file.chunks(counting: ByteCounter()) {
            bytes += piece.readableBytesView
        }
        return bytes
    }

    @Test(arguments: ["users", "users.txt", "users.csv", "users.ndjson"])
    func `what is no text is refused whatever its name`(_ name: String) async throws {
        for (label, bytes, kind) in Self.foreign {
            let failure = try #require(try await refusal(bytes, name), "\(label) as \(name)")
            #expect(failure.code == .badData)
            #expect(failure.message.contains(kind), "\(label): \(failure.message)")
        }
    }

    @Test func `what is no text is refused when it was inflated`() async throws {
        for (label, bytes, kind) in Self.foreign {
            let failure = try #require(
                try await refusal(gzip(bytes), "users.txt.GZ"),
                "\(label) in gzip"
            )
            #expect(failure.code == .badData)
            #expect(failure.message.contains(kind), "\(label): \(failure.message)")
        }
        let plain = try #require(try await refusal(Array("bonnie\n".utf8), "users.txt.gz"))
        #expect(plain.message.contains("no gzip data"))
        let cut = try #require(
            try await refusal(gzip(Array("bonnie\n".utf8)).dropLast(4), "users.gz")
        )
        #expect(cut.message.contains("breaks off"))
    }

    @Test func `an ordinary list is handed on byte for byte`() async throws {
        let folder = try TemporaryFolder()
        defer { folder.remove() }
        let text = Array("\u{FEFF}bonnie\r\n用户一\nrong".utf8)
        for (name, bytes) in [("a.txt", text), ("b.TXT.Gz", gzip(text)), ("c", []), ("d.gz", [])] {
            let file = try RecipientFile(path: folder.write(name, bytes: bytes), format: nil)
            #expect(try await read(file) == bytes, "\(name)")
        }
    }

    @Test(
        arguments: [
            ("users.CSV", "text/csv", false), ("users.TXT.GZ", "text/plain", true),
            ("Users.Csv.Gz", "text/csv", true), ("users.NDJSON", "application/x-ndjson", false),
            ("users.JSONL.gz", "application/x-ndjson", true),
        ]
    )
    func `endings go without regard to case`(
        _ name: String,
        _ type: String,
        _ isCompressed: Bool
    ) throws {
        let folder = try TemporaryFolder()
        defer { folder.remove() }
        let file = try RecipientFile(path: folder.write(name, bytes: []), format: nil)
        #expect(file.format.contentType == type)
        #expect(file.isCompressed == isCompressed)
    }

    @Test func `a list that changes while it is read is refused`() async throws {
        let folder = try TemporaryFolder()
        defer { folder.remove() }
        let text = String(repeating: "bonnie\n", count: 40_000)
        for change in ["grows", "shrinks", "is replaced"] {
            let path = try folder.write("users.txt", text)
            let file = try RecipientFile(path: path, format: nil)
            let pieces = file.chunks(counting: ByteCounter()).makeAsyncIterator()
            _ = try #require(try await pieces.next())
            switch change {
            case "grows": try append("rong\n", to: path)
            case "shrinks": try #require(unsafe truncate(path, 140_000) == 0)
            default: try append("", to: path, at: 0)
            }
            let failure = await #expect(throws: CommandFailure.self, "\(change)") {
                while try await pieces.next() != nil { continue }
            }
            #expect(failure?.code == .badData)
            #expect(failure?.message.contains("changed while it was read") == true)
        }
    }

    private func append(_ text: String, to path: String, at offset: UInt64? = nil) throws {
        let file = try FileHandle(forWritingTo: URL(filePath: path))
        if let offset { try file.seek(toOffset: offset) } else { try file.seekToEnd() }
        try file.write(contentsOf: Data((offset == nil ? text : "BONNIE").utf8))
        try file.close()
    }

    @Test func `a file without a size is sent as it comes`() async throws {
        let file = try RecipientFile(path: "/proc/self/comm", format: nil)
        #expect(file.size == nil && file.isRepeatable)
        #expect(try await !read(file).isEmpty)
    }

    @Test func `a refusal is told though the list's pipe stays open`() async throws {
        let folder = try TemporaryFolder()
        defer { folder.remove() }
        let path = folder.path + "/pipe"
        try #require(unsafe mkfifo(path, 0o600) == 0)
        let pipe = unsafe open(path, O_RDWR)
        try #require(pipe >= 0)
        defer { close(pipe) }
        let text = Array(String(repeating: "bonnie\n", count: 5_000).utf8)
        try #require(unsafe Glibc.write(pipe, text, text.count) == text.count)
        let file = try RecipientFile(path: path, format: .text)
        let problem = #"{"type":"urn:fanoutd:problem:storage-full","title":"The disk is full"}"#
        let answer = "HTTP/1.1 507 X\r\ncontent-length: \(problem.utf8.count)\r\n\r\n\(problem)"
        try await EarlyServer.run(answer) { url in
            let address = try #require(DaemonAddress(url))
            let client = DaemonClient(address: address, token: nil)
            let failure = await #expect(throws: CommandFailure.self) {
                try await client.upload(file, to: "c1")
            }
            #expect(failure?.message.contains("The disk is full") == true)
        }
    }

    @Test func `a pipe is judged and still comes whole`() async throws {
        let folder = try TemporaryFolder()
        defer { folder.remove() }
        let path = folder.path + "/pipe"
        try #require(unsafe mkfifo(path, 0o600) == 0)
        let text = String(repeating: "bonnie\n", count: 5_000)
        // Both ends at once: more than a pipe holds would wait for its reader.
        let pipe = unsafe open(path, O_RDWR)
        try #require(pipe >= 0)
        let bytes = Array(text.utf8)
        try #require(unsafe Glibc.write(pipe, bytes, bytes.count) == bytes.count)
        let file = try RecipientFile(path: path, format: nil)
        close(pipe)
        #expect(file.size == nil && !file.isRepeatable)
        #expect(try await read(file) == bytes)
    }

    @Test(
        arguments: [
            ("UserID,Name\nbonnie,B\n", RecipientFile.Format.csv, "header"),
            ("\u{FEFF}user_id\r\nbonnie\n", .text, "header"),
            ("用户,名\n", .csv, "header"), ("bonnie,Bonnie Li\n", .text, "','"),
            ("bonnie\tB\n", .text, "a tab"), ("account,name\n", .csv, nil),
            ("bonnie\n", .text, nil),
            ("name,account\nx,y\n", .csv, nil), ("\"user\"\n", .ndjson, nil),
        ] as [(String, RecipientFile.Format, String?)]
    )
    func `a first line that looks odd has its hint`(
        _ text: String,
        _ format: RecipientFile.Format,
        _ word: String?
    ) throws {
        let hint = ListHint.about(Array(text.utf8), format: format)
        #expect((hint == nil) == (word == nil))
        if let word { #expect(try #require(hint).contains(word)) }
    }

    @Test func `a message's file says what it is instead`() throws {
        let folder = try TemporaryFolder()
        defer { folder.remove() }
        let json = Array(#"{"MsgBody":[]}"#.utf8)
        let marked = try folder.write("marked.json", bytes: [0xEF, 0xBB, 0xBF] + json)
        #expect(try MessageFile.read(marked) == json)
        for (bytes, kind) in [
            ([0xFF, 0xFE] + Self.wide(#"{"MsgBody":[]}"#), "UTF-16"),
            (Self.wide(#"{"MsgBody":[]}"#), "UTF-16"), (gzip(json), "gzip"),
        ] {
            let path = try folder.write("message.json", bytes: bytes)
            let failure = #expect(throws: CommandFailure.self) { try MessageFile.read(path) }
            #expect(failure?.code == .badData)
            #expect(failure?.message.contains(kind) == true, "\(failure?.message ?? "")")
        }
    }
}
