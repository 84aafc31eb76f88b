import JSON

/// One HTTP/1.1 request or answer as it stood on the wire.
struct HTTPMessage: Sendable {
    let startLine: String
    /// By lower-case name; of several of one name the last.
    let headers: [String: String]
    /// Without the framing of chunks.
    let body: [UInt8]
    /// All of it as it came, to be passed on.
    let raw: [UInt8]

    /// The status of an answer, 0 for a request.
    var status: Int {
        let words = startLine.split(separator: " ")
        guard words.count > 1, words[0].hasPrefix("HTTP/") else { return 0 }
        return Int(words[1]) ?? 0
    }

    var text: String { String(decoding: body, as: UTF8.self) }

    /// The body as JSON.
    func json() throws -> JSON {
        do {
            return try JSON(parsing: body)
        } catch {
            throw Failure("no JSON (\(error)): \(startLine) \(text.prefix(500))")
        }
    }
}

/// Reads messages off a connection, one after the other.
struct HTTPReader {
    private let socket: Socket
    private var buffer: [UInt8] = []
    /// Where the next unread byte stands in the buffer.
    private var position = 0

    init(_ socket: Socket) {
        self.socket = socket
    }

    /// The next message; nil if the connection ended before one began.
    mutating func next() throws -> HTTPMessage? {
        buffer.removeFirst(position)
        position = 0
        guard let head = try line() else { return nil }
        let startLine = head
        var headers: [String: String] = [:]
        while true {
            guard let text = try line() else { throw Failure("cut in the head: \(startLine)") }
            if text.isEmpty { break }
            let parts = text.split(separator: ":", maxSplits: 1)
            guard parts.count == 2 else { throw Failure("no header: \(text)") }
            headers[parts[0].lowercased()] = String(parts[1].drop { $0 == " " })
        }
        let body = try body(headers, of: startLine)
        return HTTPMessage(
            startLine: startLine,
            headers: headers,
            body: body,
            raw: Array(buffer[..<position])
        )
    }

    private mutating func body(
        _ headers: [String: String],
        of startLine: String
    ) throws -> [UInt8] {
        if headers["transfer-encoding"] == "chunked" { return try chunks() }
        if let length = headers["content-length"].flatMap({ Int($0) }) {
            return try take(length)
        }
        let isAnswer = startLine.hasPrefix("HTTP/")
        guard isAnswer, !startLine.contains(" 204 ") else { return [] }
        while try fill() {}
        return try take(buffer.count - position)
    }

    private mutating func chunks() throws -> [UInt8] {
        var body: [UInt8] = []
        while true {
            guard let text = try line(), let size = Int(text, radix: 16) else {
                throw Failure("the answer broke off between two chunks")
            }
            body += try take(size)
            _ = try line()
            if size == 0 { return body }
        }
    }

    /// The next line without its end; nil at the end of the connection.
    private mutating func line() throws -> String? {
        var searched = position
        while true {
            if let end = buffer[searched...].firstIndex(of: 0x0A) {
                let text = String(decoding: buffer[position..<end], as: UTF8.self)
                position = end + 1
                return text.hasSuffix("\r") ? String(text.dropLast()) : text
            }
            searched = buffer.count
            guard try fill() else {
                guard position == buffer.count else { throw Failure("cut in a line") }
                return nil
            }
        }
    }

    private mutating func take(_ count: Int) throws -> [UInt8] {
        while buffer.count - position < count {
            guard try fill() else {
                throw Failure("cut \(count - (buffer.count - position)) bytes before its end")
            }
        }
        defer { position += count }
        return Array(buffer[position..<position + count])
    }

    private mutating func fill() throws -> Bool {
        let bytes = try socket.receive()
        buffer += bytes
        return !bytes.isEmpty
    }
}
