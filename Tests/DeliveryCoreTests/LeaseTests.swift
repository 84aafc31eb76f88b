import DeliveryCore
import Testing

private func at(_ seconds: Double) -> Instant {
    Instant(nanoseconds: Int64(seconds * 1_000_000_000))
}

private let mark = LeaseMark(epoch: 3, beat: 70)

/// A standby waits out the leader's patience.
@Suite struct LeaseWatchTests {
    /// A look: when it was asked, when answered, and what it showed.
    private enum Look {
        case shows(LeaseMark, Double, Double)
        case nothing

        static func shows(_ mark: LeaseMark, _ second: Double) -> Look {
            .shows(mark, second, second)
        }
    }

    /// What comes of the last of some looks.
    private func decision(_ looks: [Look], patience: Duration = .seconds(6)) -> LeaseWatch.Decision
    {
        var watch = LeaseWatch(patience: patience)
        var last = LeaseWatch.Decision.wait
        for (index, look) in looks.enumerated() {
            if index > 0 { #expect(last == .wait, "before look \(index)") }
            switch look {
            case .shows(let mark, let asked, let answered):
                last = watch.saw(mark, asked: at(asked), answered: at(answered))
            case .nothing: watch.sawNothing()
            }
        }
        return last
    }

    private func everySecond(_ seconds: ClosedRange<Int>, _ found: LeaseMark = mark) -> [Look] {
        seconds.map { .shows(found, Double($0)) }
    }

    @Test func `a mark that stands still for the patience is taken over`() {
        #expect(decision(everySecond(0...5)) == .wait)
        #expect(decision(everySecond(0...6)) == .takeOver(mark))
    }

    @Test func `a mark that moves begins a new patience, forward and back`() {
        for other in [
            LeaseMark(epoch: 3, beat: 71), LeaseMark(epoch: 4, beat: 71),
            LeaseMark(epoch: 3, beat: 69), LeaseMark(epoch: 2, beat: 70),
        ] {
            let moved = everySecond(0...5) + everySecond(6...11, other)
            #expect(decision(moved) == .wait)
            #expect(decision(moved + [.shows(other, 12)]) == .takeOver(other))
        }
    }

    @Test func `the time of an answer that is late counts from its question to the next one`() {
        // Seen at 0.9 for the first time, and read at 6.8 at the earliest.
        let late = (0...6).map { Look.shows(mark, Double($0), Double($0) + 0.9) }
        #expect(decision(late) == .wait)
        #expect(decision(late + [.shows(mark, 6.8, 7)]) == .wait)
        #expect(decision(late + [.shows(mark, 6.9, 7)]) == .takeOver(mark))
    }

    @Test func `after a look without an answer nothing counts that was before`() {
        let away = everySecond(0...5) + [.nothing, .nothing] + everySecond(20...25)
        #expect(decision(away) == .wait)
        #expect(decision(away + [.shows(mark, 26)]) == .takeOver(mark))
    }

    @Test func `a standby that was stopped counts two seconds of it`() {
        let woken = everySecond(0...3) + [.shows(mark, 100)]
        #expect(decision(woken) == .wait)
        #expect(decision(woken + [.shows(mark, 101)]) == .takeOver(mark))
    }

    @Test func `a clock that goes back counts for nothing`() {
        let back = everySecond(0...5) + [.shows(mark, 2), .shows(mark, 5)]
        #expect(decision(back) == .wait)
        #expect(decision(back + [.shows(mark, 6)]) == .takeOver(mark))
    }

    @Test func `marks are ordered by epoch, then by beat`() {
        #expect(LeaseMark(epoch: 3, beat: 70) < LeaseMark(epoch: 3, beat: 71))
        #expect(LeaseMark(epoch: 3, beat: 71) < LeaseMark(epoch: 4, beat: 1))
    }
}

/// A leader stops calling before anybody can have taken over.
@Suite struct LeaseHoldTests {
    @Test(arguments: [
        (0.0, true), (8.9, true), (9.0, false), (12.0, false), (-0.1, false),
    ])
    func `a call begins while the last commit is younger than patience less margin`(
        age: Double,
        isAllowed: Bool
    ) {
        let hold = LeaseHold(patience: .seconds(12), provenAt: at(100))
        #expect(hold.allowsCall(at: at(100 + age)) == isAllowed)
    }

    @Test func `a commit counts from its beginning, and an older one for nothing`() {
        var hold = LeaseHold(patience: .seconds(12), provenAt: at(100))
        hold.committed(begunAt: at(105))
        #expect(hold.provenAt == at(105))
        #expect(hold.allowsCall(at: at(113.9)) && !hold.allowsCall(at: at(114)))
        hold.committed(begunAt: at(103))
        #expect(hold.provenAt == at(105))
    }

    @Test(arguments: [(6, 1.0), (9, 2.0), (12, 3.0), (60, 3.0)])
    func `an idle leader commits so often that calls aren't held up`(
        patience: Int,
        interval: Double
    ) {
        let hold = LeaseHold(patience: .seconds(patience), provenAt: at(100))
        #expect(hold.beatDue == at(100 + interval))
        #expect(hold.allowsCall(at: hold.beatDue.advanced(by: hold.beatInterval)))
    }
}
