import Foundation
import Testing

extension EndToEndTests {
    /// Two daemons and one store.
    @Suite struct Fences {
        private let sandbox: Sandbox

        init() throws {
            sandbox = try Sandbox()
        }

        /// Starts another daemon whose configuration names the store by another path, to its end.
        private func serve(_ store: String) throws -> ChildProcess.Ending {
            let text = try sandbox.read("fanoutd.yaml")
                .replacing("path: \(sandbox.path("fanoutd.sqlite"))", with: "path: \(store)")
                .replacing(#/listen: .*/#, with: "listen: 127.0.0.1:\(try Socket.freePort())")
            let path = try sandbox.write(text, to: "second.yaml")
            return try sandbox.run(["serve", "--config", path])
        }

        @Test func `a second daemon on a store is refused, by whatever path, and told the first`()
            throws
        {
            let daemon = try DaemonProcess(in: sandbox, providerPort: Socket.freePort())
            let (files, store) = (FileManager.default, sandbox.path("fanoutd.sqlite"))
            let (link, folder) = (sandbox.path("link.sqlite"), sandbox.path("folder"))
            try files.createSymbolicLink(atPath: link, withDestinationPath: store)
            try files.createSymbolicLink(atPath: folder, withDestinationPath: sandbox.folder)
            for path in [store, link, folder + "/fanoutd.sqlite", folder + "/link.sqlite"] {
                let ending = try serve(path)
                #expect(ending.exitCode == 78)
                let pid = "another fanoutd (pid \(daemon.child.processID))"
                #expect(ending.errors.contains(pid), "\(ending.errors)")
            }
            let name = sandbox.path("name.sqlite")
            try files.linkItem(atPath: store, toPath: name)
            let linked = try serve(name)
            #expect(linked.exitCode == 78)
            #expect(linked.errors.contains("hard links"), "\(linked.errors)")
            #expect(try daemon.client().get("/readyz").status == 200)
        }

        @Test func `a daemon whose store is taken away acknowledges nothing more`() throws {
            let daemon = try DaemonProcess(in: sandbox, providerPort: Socket.freePort())
            let (store, elsewhere) = (sandbox.path("fanoutd.sqlite"), sandbox.path("elsewhere"))
            try FileManager.default.moveItem(atPath: store, toPath: elsewhere)
            let refused = try daemon.client().post(
                "/v1/campaigns",
                "{\"message\": \(Message.text("hi")), \"recipients\": [\"late\"]}"
            )
            #expect(refused.isProblem(503), "\(refused.text)")
            #expect(refused.text.contains("moved, deleted or replaced"), "\(refused.text)")
            try FileManager.default.moveItem(atPath: elsewhere, toPath: store)
            _ = try daemon.create("{\"message\": \(Message.text("hi"))}")
        }
    }
}
