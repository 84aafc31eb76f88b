import JSON

/// Speaks to an endpoint of this machine, a connection for each request.
struct HTTPClient: Sendable {
    let port: Int
    var token: String?

    init(port: Int, token: String? = nil) {
        self.port = port
        self.token = token
    }

    func get(_ path: String, headers: [String: String] = [:]) throws -> HTTPMessage {
        try send("GET", path, headers: headers)
    }

    /// Posts a body that is JSON unless the headers say otherwise.
    func post(
        _ path: String,
        _ body: String = "",
        headers: [String: String] = [:]
    ) throws -> HTTPMessage {
        let type = ["Content-Type": "application/json"]
        return try send(
            "POST",
            path,
            headers: type.merging(headers) { $1 },
            body: Array(body.utf8)
        )
    }

    func send(
        _ method: String,
        _ path: String,
        headers: [String: String] = [:],
        body: [UInt8]? = nil
    ) throws -> HTTPMessage {
        let socket = try Socket.connect(port: port)
        var headers = headers
        if let body { headers["Content-Length"] = String(body.count) }
        try socket.send(head(method, path, headers) + (body ?? []))
        return try answer(on: socket, to: "\(method) \(path)")
    }

    /// Posts a body piece by piece, as chunks, and reads the answer behind the last.
    func stream(
        _ path: String,
        type: String = "text/plain",
        headers: [String: String] = [:],
        _ pieces: some Sequence<[UInt8]>
    ) throws -> HTTPMessage {
        let stream = try open(path, type: type, headers: headers)
        for piece in pieces { try stream.send(chunk: piece) }
        return try stream.finish()
    }

    /// Resets the connection in the middle of a stream that has been asked for.
    func resetStream(_ path: String, after bytes: [UInt8]) throws {
        let stream = try open(path, headers: ["Expect": "100-continue"])
        guard String(decoding: try stream.socket.receive(), as: UTF8.self).contains(" 100 ") else {
            throw Failure("\(path): no 100 Continue")
        }
        try stream.send(chunk: bytes)
        stream.socket.resetAtEnd()
    }

    /// Begins a body that is sent piece by piece.
    func open(
        _ path: String,
        type: String = "text/plain",
        headers: [String: String] = [:]
    ) throws -> HTTPStream {
        let own = ["Content-Type": type, "Transfer-Encoding": "chunked"]
        let socket = try begin("POST", path, headers: own.merging(headers) { $1 })
        return HTTPStream(client: self, path: path, socket: socket)
    }

    /// Sends a head and leaves the rest to the caller.
    func begin(
        _ method: String,
        _ path: String,
        headers: [String: String]
    ) throws -> Socket {
        let socket = try Socket.connect(port: port)
        try socket.send(head(method, path, headers))
        return socket
    }

    /// Announces a longer body than it sends, and hangs up.
    func breakOff(_ path: String, type: String = "text/plain", after body: [UInt8]) throws {
        let socket = try Socket.connect(port: port)
        let headers = ["Content-Type": type, "Content-Length": String(body.count * 2)]
        try socket.send(head("POST", path, headers) + body)
        socket.shutDown()
    }

    private func head(_ method: String, _ path: String, _ headers: [String: String]) -> [UInt8] {
        var text = "\(method) \(path) HTTP/1.1\r\nConnection: close\r\n"
        if headers["Host"] == nil { text += "Host: 127.0.0.1:\(port)\r\n" }
        if let token { text += "Authorization: Bearer \(token)\r\n" }
        for (name, value) in headers.sorted(by: { $0.key < $1.key }) {
            text += "\(name): \(value)\r\n"
        }
        return Array((text + "\r\n").utf8)
    }

    fileprivate func answer(on socket: Socket, to request: String) throws -> HTTPMessage {
        var reader = HTTPReader(socket)
        do {
            guard let answer = try reader.next() else { throw Failure("no answer") }
            return answer
        } catch {
            throw Failure("\(request): \(error)")
        }
    }
}

/// A request whose body is under way.
struct HTTPStream {
    fileprivate let client: HTTPClient
    fileprivate let path: String
    let socket: Socket

    func send(chunk: [UInt8]) throws {
        let size = String(chunk.count, radix: 16)
        try socket.send(Array("\(size)\r\n".utf8) + chunk + Array("\r\n".utf8))
    }

    /// Ends the body and reads the answer.
    func finish() throws -> HTTPMessage {
        try socket.send(Array("0\r\n\r\n".utf8))
        return try client.answer(on: socket, to: "POST \(path)")
    }
}
