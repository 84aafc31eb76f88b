import Client
import Foundation
import Platform
import TestSupport
import Testing
import fanoutd

@Suite struct TokenFileTests {
    @Test func `the first start makes a token that only its owner reads`() throws {
        let folder = try TemporaryFolder()
        defer { folder.remove() }
        let path = folder.path + "/token"
        let first = try TokenFile.open(path)
        #expect(first.isNew)
        #expect(first.token.text.wholeMatch(of: #/[0-9a-f]{64}/#) != nil)
        let attributes = try FileManager.default.attributesOfItem(atPath: path)
        #expect(attributes[.posixPermissions] as? Int == 0o600)
        let again = try TokenFile.open(path)
        #expect(!again.isNew)
        #expect(again.token == first.token)
    }

    @Test(arguments: [0o640, 0o604, 0o620, 0o666])
    func `a token that others can reach is refused`(_ mode: Int) throws {
        let folder = try TemporaryFolder()
        defer { folder.remove() }
        let path = try folder.write("token", "0123456789abcdef")
        try FileManager.default.setAttributes([.posixPermissions: mode], ofItemAtPath: path)
        let failure = try #require(throws: CommandFailure.self) { try TokenFile.open(path) }
        #expect(failure.code == .configuration)
        #expect(failure.message.hasSuffix("; run: chmod 600 \(path)"))
        #expect(throws: failure) { try TokenFile.check(path) }
        try TokenFile.check(path + "-none")
    }

    @Test(arguments: ["", "short", "two 0123456789abcdef"])
    func `a file that holds no token is refused without showing it`(_ text: String) throws {
        let folder = try TemporaryFolder()
        defer { folder.remove() }
        let path = try folder.write("token", text)
        try FileManager.default.setAttributes([.posixPermissions: 0o600], ofItemAtPath: path)
        let failure = try #require(throws: CommandFailure.self) { try TokenFile.open(path) }
        #expect(!failure.message.contains("0123456789abcdef"))
        #expect(throws: failure) { try TokenFile.check(path) }
    }

    @Test(arguments: ["0123456789abcdef", "0123456789abcdef\r\n", "\n 0123456789abcdef\t\n"])
    func `a token stands alone, whatever blanks and line breaks are around it`(
        _ text: String
    ) throws {
        let folder = try TemporaryFolder()
        defer { folder.remove() }
        let path = try folder.write("token", text)
        try FileManager.default.setAttributes([.posixPermissions: 0o600], ofItemAtPath: path)
        #expect(try TokenFile.open(path).token.text == "0123456789abcdef")
        try TokenFile.check(path)
        let client = try ClientToken.find(file: path, environment: [:], standardFile: "/no")
        #expect(client?.text == "0123456789abcdef")
    }

    @Test(arguments: BadTokenText.all)
    func `a token in another encoding is refused by daemon, check and client`(
        _ bad: BadTokenText
    ) throws {
        let folder = try TemporaryFolder()
        defer { folder.remove() }
        let path = folder.path + "/token"
        try Data(bad.bytes).write(to: URL(filePath: path))
        try FileManager.default.setAttributes([.posixPermissions: 0o600], ofItemAtPath: path)
        let failure = try #require(throws: CommandFailure.self) { try TokenFile.open(path) }
        #expect(failure.code == .configuration)
        #expect(failure.message.hasPrefix("http.tokenFile: \(path) \(bad.problem); "))
        #expect(throws: failure) { try TokenFile.check(path) }
        for (file, environment) in [(path, [:]), (nil, ["FANOUTD_TOKEN_FILE": path])] {
            let client = #expect(throws: CommandFailure.self) {
                try ClientToken.find(file: file, environment: environment, standardFile: "/no")
            }
            #expect(client?.code == .configuration)
            #expect(client?.message.hasPrefix("\(path) \(bad.problem); ") == true)
        }
        // A standard file that is there is no reason to go on without a token.
        #expect(throws: CommandFailure.self) {
            try ClientToken.find(file: nil, environment: [:], standardFile: path)
        }
    }

    @Test func `a token that can't be read is refused with the remedy`() throws {
        let folder = try TemporaryFolder()
        defer { folder.remove() }
        let path = folder.path + "/token"
        try FileManager.default.createDirectory(
            atPath: path,
            withIntermediateDirectories: false,
            attributes: [.posixPermissions: 0o700]
        )
        let failure = try #require(throws: CommandFailure.self) { try TokenFile.open(path) }
        #expect(
            failure.message
                == "http.tokenFile: \(path): it is a folder, no file; let this user read it,"
                + " or name another file"
        )
    }

    @Test func `a folder that isn't there is said`() throws {
        let failure = try #require(throws: CommandFailure.self) {
            try TokenFile.open("/nowhere/token")
        }
        #expect(failure.message.contains("/nowhere/token: No such file or directory"))
    }

    @Test func `a client takes the token from the first place that has one`() throws {
        let folder = try TemporaryFolder()
        defer { folder.remove() }
        let option = try folder.write("option", "a\n")
        let variable = try folder.write("variable", "b")
        let standard = try folder.write("standard", "d")
        let environment = ["FANOUTD_TOKEN_FILE": variable, "FANOUTD_TOKEN": "c"]
        let find = { (file: String?, environment: [String: String], standard: String) in
            try ClientToken.find(file: file, environment: environment, standardFile: standard)?.text
        }
        #expect(try find(option, environment, standard) == "a")
        #expect(try find(nil, environment, standard) == "b")
        #expect(try find(nil, ["FANOUTD_TOKEN": "c"], standard) == "c")
        #expect(try find(nil, [:], standard) == "d")
        #expect(try find(nil, [:], folder.path + "/none") == nil)
        #expect(throws: CommandFailure.self) {
            try find(folder.path + "/none", environment, standard)
        }
    }

    @Test(arguments: [" \n", "two words", "a\nHost: b", "t\u{7F}", "tök"])
    func `a client's token that is none is refused without showing it`(_ text: String) throws {
        let folder = try TemporaryFolder()
        defer { folder.remove() }
        let file = try folder.write("token", text)
        for variables in [["FANOUTD_TOKEN": text], ["FANOUTD_TOKEN_FILE": file]] {
            let failure = try #require(throws: CommandFailure.self) {
                try ClientToken.find(file: nil, environment: variables, standardFile: "/no")
            }
            #expect(failure.code == (variables["FANOUTD_TOKEN"] == nil ? .configuration : .usage))
            #expect(!failure.message.contains("Host"))
        }
    }

    @Test func `a line break after a client's token is ignored`() throws {
        let token = try ClientToken.find(file: nil, environment: ["FANOUTD_TOKEN": "t\n"])
        #expect(token?.text == "t")
    }
}
