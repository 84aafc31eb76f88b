import DeliveryEngine
import Glibc
import NIOCore
import Platform
import PostgresQueue
import Testing
import fanoutd

@Suite struct `The end of a daemon` {
    private func failure(
        _ error: any Error,
        listen: ListenAddress = .tcp(host: "127.0.0.1", port: 80)
    ) -> CommandFailure {
        var configuration = Configuration()
        configuration.http.listen = listen
        return DaemonEnd.failure(error, configuration)
    }

    @Test(
        arguments: [
            (EADDRINUSE, 75), (EMFILE, 75), (ENOSPC, 75), (ENOBUFS, 75), (EADDRNOTAVAIL, 78),
            (EACCES, 78), (ENOTDIR, 78), (ENOENT, 78),
        ] as [(Int32, Int32)]
    )
    func `an address that can't be opened is named with its remedy`(errno: Int32, code: Int32) {
        for listen in [ListenAddress.tcp(host: "127.0.0.1", port: 80), .unix(path: "/run/x")] {
            let failure = failure(IOError(errnoCode: errno, reason: "bind"), listen: listen)
            #expect(failure.code.rawValue == code)
            #expect(failure.message.hasPrefix("http.listen: '\(listen)' can't be opened ("))
            #expect(failure.message.contains("); "))
        }
    }

    @Test(
        arguments: [
            (EAI_AGAIN, 75), (EAI_FAIL, 75), (EAI_MEMORY, 75), (EAI_SYSTEM, 75), (EAI_NONAME, 78),
            (EAI_SERVICE, 78),
        ] as [(Int32, Int32)]
    )
    func `a name without an address is a fault, and one that can't be looked up waits`(
        answer: Int32,
        code: Int32
    ) throws {
        let listen = ListenAddress.tcp(host: "nowhere.example", port: 80)
        let failure = try #require(listen.lookupFailure(answer))
        #expect(failure.code.rawValue == code)
        #expect(failure.message.hasPrefix("http.listen: the name in 'nowhere.example:80' "))
        #expect(listen.lookupFailure(0) == nil)
    }

    @Test(arguments: ["localhost", "127.0.0.1", "::1", "::", "0.0.0.0"])
    func `what has an address is found`(host: String) throws {
        try ListenAddress.tcp(host: host, port: 80).checkName()
    }

    @Test func `a queue that fails waits for the disk, and names path and remedy`() {
        let text = "/data/fanoutd.sqlite: database or disk is full: free some room on its disk"
        for error in [QueueError.full(text), .failed(text)] {
            let failure = failure(error)
            #expect(failure.code == .tryAgain)
            #expect(failure.message == "store.path: \(text)")
        }
    }

    @Test(
        arguments: [
            (.unreachable(detail: "db1: refused"), .tryAgain),
            (.noLibrary(detail: "no such file"), .configuration),
            (.notSynchronous(setting: "synchronous_standby_names is empty"), .configuration),
            (.taken(schema: "app_1"), .configuration),
        ] as [(PostgresError, CommandFailure.Code)]
    )
    func `a database that doesn't fit is the configuration's, and one that is away may come back`(
        _ error: PostgresError,
        _ code: CommandFailure.Code
    ) {
        #expect(failure(error) == CommandFailure(code, "\(error)"))
    }

    @Test func `an error that nobody foresaw shows its kind alone`() {
        struct Strange: Error { let text = "hunter2" }
        let failure = failure(Strange())
        #expect(failure.code == .tryAgain)
        #expect(failure.message.hasPrefix("a part of the daemon failed (Strange)"))
        #expect(!failure.message.contains("hunter2"))
    }
}
