import DeliveryEngine
import Glibc
import HTTPAPI
import NIOCore
package import Platform
import PostgresQueue
import SQLiteQueue
import SystemPackage

/// Why a daemon ended, in words for operators, and the exit code that tells the service manager
/// whether another start may succeed.
package enum DaemonEnd {
    /// The failure for an error; every error that can end `serve` passes here.
    package static func failure(
        _ error: any Error,
        _ configuration: Configuration
    ) -> CommandFailure {
        let listen = configuration.http.listen
        return switch error {
        case let failure as CommandFailure: failure
        case let error as StoreError: store(error)
        case let error as PostgresError: postgres(error)
        case let error as QueueError: queue(error, configuration)
        case let fault as ListenFault:
            CommandFailure(fault.isTaken ? .tryAgain : .configuration, "http.listen: \(fault)")
        case let error as IOError: self.listen(error.errnoCode, listen)
        case is SocketAddressError: unresolved(listen)
        case let fault as SmallFile.Fault:
            CommandFailure(
                .tryAgain,
                "\(fault); see to that file, it is started again until then"
            )
        // The type alone: the text of an unexpected error may hold secrets or accounts.
        default:
            CommandFailure(
                .tryAgain,
                "a part of the daemon failed (\(type(of: error))) and it ended; what was"
                    + " acknowledged is in the store, so start it again, and report the log"
            )
        }
    }

    private static func store(_ error: StoreError) -> CommandFailure {
        // A failing disk may recover without an operator: another start may succeed.
        let mayPass = if case .diskFailed = error { true } else { false }
        return CommandFailure(mayPass ? .tryAgain : .configuration, "store.path: \(error)")
    }

    /// The database's own text names the key.
    private static func postgres(_ error: PostgresError) -> CommandFailure {
        let mayPass = if case .unreachable = error { true } else { false }
        return CommandFailure(mayPass ? .tryAgain : .configuration, "\(error)")
    }

    /// The queue's own text names the file and the remedy.
    private static func queue(
        _ error: QueueError,
        _ configuration: Configuration
    ) -> CommandFailure {
        let key = configuration.isShared ? "store.postgres" : ConfigurationKey.storePathName
        return switch error {
        case .full(let text), .failed(let text): CommandFailure(.tryAgain, "\(key): \(text)")
        }
    }

    /// The failure for the errno of opening the endpoint.
    package static func listen(_ code: Int32, _ listen: ListenAddress) -> CommandFailure {
        let fault = SmallFile.Fault(path: "", Errno(rawValue: code))
        let remedy =
            switch (code, listen) {
            case (EADDRINUSE, _):
                "stop the program that listens there, or give another address"
            case _ where fault.mayPass || code == ENOBUFS:
                "it is started again until then"
            case (_, .unix): "give the path of a socket in a folder that this user may write to"
            case (_, .tcp): "give an address of this machine that this user may listen on"
            }
        let mayPass = code == EADDRINUSE || code == ENOBUFS || fault.mayPass
        return CommandFailure(
            mayPass ? .tryAgain : .configuration,
            "http.listen: '\(listen)' can't be opened (\(fault.reason)); \(remedy)"
        )
    }

    private static func unresolved(_ listen: ListenAddress) -> CommandFailure {
        CommandFailure(
            .tryAgain,
            "http.listen: the name in '\(listen)' could be looked up a moment ago and can't be now;"
                + " give an address in its place"
        )
    }
}
