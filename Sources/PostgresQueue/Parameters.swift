import QueueTables

/// The values of a statement's parameters, as libpq takes them.
///
/// Numbers go as text, which the server reads as whatever type the parameter has. All else goes as
/// bytes, which are the same for its TEXT and its BYTEA.
struct Parameters {
    /// The bytes of all values, with a zero after each.
    private var storage: [CChar] = []
    /// Where each value begins; nil for NULL.
    private var starts: [Int?] = []
    private var lengths: [CInt] = []
    private var formats: [CInt] = []

    private static let isText: CInt = 0
    private static let isBinary: CInt = 1

    mutating func set(_ value: Value, at index: Int) {
        switch value {
        case .null: makeRoom(for: index)
        case .int(let number): add("\(number)".utf8, Self.isText, at: index)
        case .text(let bytes), .blob(let bytes): add(bytes, Self.isBinary, at: index)
        }
    }

    /// Sets a parameter to an array of BYTEA.
    mutating func set(_ texts: [UnsafeRawBufferPointer], at index: Int) {
        var bytes: [UInt8] = []
        // One dimension, no NULLs, the type's number, the count, and where it begins.
        let count = unsafe UInt32(texts.count)
        for number in [1, 0, Self.byteaType, count, 1] { bytes.append(bigEndian: number) }
        for index in unsafe texts.indices {
            let text = unsafe texts[index]
            bytes.append(bigEndian: UInt32(text.count))
            unsafe bytes.append(contentsOf: text)
        }
        add(bytes, Self.isBinary, at: index)
    }

    private static let byteaType: UInt32 = 17

    mutating func removeAll() {
        storage.removeAll(keepingCapacity: true)
        starts.removeAll(keepingCapacity: true)
        lengths.removeAll(keepingCapacity: true)
        formats.removeAll(keepingCapacity: true)
    }

    private mutating func makeRoom(for index: Int) {
        while starts.count < index {
            starts.append(nil)
            lengths.append(0)
            formats.append(Self.isText)
        }
        starts[index - 1] = nil
    }

    private mutating func add(_ bytes: some Collection<UInt8>, _ format: CInt, at index: Int) {
        makeRoom(for: index)
        starts[index - 1] = storage.count
        lengths[index - 1] = CInt(bytes.count)
        formats[index - 1] = format
        storage.append(contentsOf: bytes.lazy.map { CChar(bitPattern: $0) })
        storage.append(0)
    }

    /// Lends pointers to the values, their lengths and their formats.
    func withPointers<T>(
        _ body: (_ values: [UnsafePointer<CChar>?], _ lengths: [CInt], _ formats: [CInt]) -> T
    ) -> T {
        unsafe storage.withUnsafeBufferPointer { storage in
            let values = unsafe starts.map { start in
                unsafe start.flatMap { unsafe storage.baseAddress?.advanced(by: $0) }
            }
            return unsafe body(values, lengths, formats)
        }
    }
}

extension [UInt8] {
    fileprivate mutating func append(bigEndian number: UInt32) {
        for shift in [24, 16, 8, 0] { append(UInt8(truncatingIfNeeded: number >> shift)) }
    }
}
