import ArgumentParser
import HTTPAPI
import Yams

@main struct Fanoutd: AsyncParsableCommand {
    mutating func run() async throws { print("x") }
}
