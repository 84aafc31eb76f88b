import Foundation
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
        let failure = #expect(throws: CommandFailure.self) { try TokenFile.open(path) }
        #expect(failure?.code == .configuration)
        #expect(failure?.message.hasSuffix("; run: chmod 600 \(path)") == true)
        #expect(TokenFile.exposure(of: path)?.hasSuffix("run: chmod 600 \(path)") == true)
        #expect(TokenFile.exposure(of: path + "-none") == nil)
    }

    @Test(arguments: ["", "short", "two 0123456789abcdef"])
    func `a file that holds no token is refused without showing it`(_ text: String) throws {
        let folder = try TemporaryFolder()
        defer { folder.remove() }
        let path = try folder.write("token", text)
        try FileManager.default.setAttributes([.posixPermissions: 0o600], ofItemAtPath: path)
        let failure = #expect(throws: CommandFailure.self) { try TokenFile.open(path) }
        #expect(failure?.message.contains("0123456789abcdef") == false)
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
        let failure = #expect(throws: CommandFailure.self) { try TokenFile.open(path) }
        #expect(
            failure?.message == "http.tokenFile: \(path): Is a directory; let this user read it,"
                + " or name another file"
        )
    }

    @Test func `a folder that isn't there is said`() {
        let failure = #expect(throws: CommandFailure.self) { try TokenFile.open("/nowhere/token") }
        #expect(failure?.message.contains("/nowhere/token: No such file or directory") == true)
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
            let failure = #expect(throws: CommandFailure.self) {
                try ClientToken.find(file: nil, environment: variables, standardFile: "/no")
            }
            #expect(failure?.code == .usage)
            #expect(failure?.message.hasSuffix("doesn't hold exactly one token") == true)
        }
    }

    @Test func `a line break after a client's token is ignored`() throws {
        let token = try ClientToken.find(file: nil, environment: ["FANOUTD_TOKEN": "t\n"])
        #expect(token?.text == "t")
    }
}
