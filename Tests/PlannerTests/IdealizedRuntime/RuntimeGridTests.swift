import Planner
import Testing

@Suite struct RuntimeGridTests {
  @Test func everyQueryIsAskedInTurns() throws {
    let grid = try RuntimeGrid(prompts: [1, 8, 64], output: 9, repetitions: 2)
    var asked: [[Int]] = []
    let rows = grid.observations { prompt, output in
      asked.append([prompt, output])
      return (Double(prompt), Double(output) / 2)
    }
    #expect(asked == [[1, 9], [8, 9], [64, 9], [1, 9], [8, 9], [64, 9]])
    #expect(grid.runs == 6 && grid.longest == 73)
    #expect(rows.count == 12 && rows[2] == RuntimeObservation(prompt: 8, output: 1, seconds: 8))
    #expect(rows[3] == RuntimeObservation(prompt: 8, output: 9, seconds: 12.5))
  }

  @Test func theStandardGridFindsWhatIsThere() throws {
    let grid = RuntimeGrid.standard
    #expect(grid.runs <= 24)
    var cost = 0.0
    var turn = 0
    let profile = try grid.profile { prompt, output in
      turn += 1
      // Contention falls on all but the second repetition of each.
      let slower = 1 + (turn > grid.prompts.count && turn <= 2 * grid.prompts.count ? 0 : 0.7)
      let (p, o) = (Double(prompt), Double(output))
      let first = (0.01 + 1e-4 * p + 1e-8 * p * p) * slower
      let rest = (0.008 * (o - 1) + 2e-6 * ((o - 1) * p + o * (o - 1) / 2)) * slower
      cost += first + rest
      return (first, rest)
    }
    #expect(abs(profile.token / 0.008 - 1) < 1e-9 && abs(profile.contextToken / 2e-6 - 1) < 1e-6)
    for knot in profile.knots {
      let p = Double(knot.prompt)
      #expect(abs(knot.seconds / (0.01 + 1e-4 * p + 1e-8 * p * p) - 1) < 1e-9)
    }
    #expect(abs(profile.profilingSeconds / cost - 1) < 1e-12)
  }

  @Test(
    arguments: [
      ([], 33, 3, "prompts"), ([0], 33, 3, "prompts"), ([5, 5], 33, 3, "prompts"), ([9, 5], 33, 3, "prompts"),
      ([1 << 21], 33, 3, "prompts"), ([5], 1, 3, "output"), ([5], 1 << 17, 3, "output"), ([5], 33, 0, "repetitions"),
      ([5], 33, 65, "repetitions"),
    ] as [([Int], Int, Int, String)])
  func badGridsAreRefused(_ prompts: [Int], _ output: Int, _ repetitions: Int, _ field: String) {
    do {
      _ = try RuntimeGrid(prompts: prompts, output: output, repetitions: repetitions)
      Issue.record("\(prompts), \(output), \(repetitions) were taken")
    } catch PlannerError.invalid(let found, _) {
      #expect(found == field)
    } catch { Issue.record("\(error)") }
  }
}
