/// The composition of `fanoutd simulator`.
package enum SimulatorRun {
    package static func run(_ options: SimulatorCommand) async throws {
        throw CommandFailure(.configuration, "the simulator is not composed")
    }
}
