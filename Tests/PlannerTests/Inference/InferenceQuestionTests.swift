import Costs
import Planner
import Testing

@Suite struct InferenceQuestionTests {
  @Test func eachFieldChangesItsOwnPart() throws {
    let question = InferenceQuestion(try ModelCatalogue.published.entry("llama-2-7b").shape)
    let device = try DeviceCatalogue.published.device("a100")
    let plain = try question.plan(on: device)
    for field in InferenceQuestion.fields {
      let isWidth = field == "weights" || field == "cache"
      let more = try question.with(field, isWidth ? 8 : 4096).plan(on: device)
      #expect(more.memory.total >= plain.memory.total, "\(field)")
      #expect((more.prefill.seconds > plain.prefill.seconds) == (field != "depth"), "\(field)")
      #expect((more.decode.seconds > plain.decode.seconds) == (field != "prompt"), "\(field)")
    }
    #expect(try question.with("batch", 4).batch == 4 && question.with("weights", 0.5).weights == 0.5)
  }

  @Test func whatIsNoFieldOrNoCountIsNamed() throws {
    let question = InferenceQuestion(try ModelCatalogue.published.entry("llama-2-7b").shape)
    #expect(throws: PlannerError.invalid(field: "batch", problem: "1.5 is no whole number")) {
      try question.with("batch", 1.5)
    }
    #expect(throws: PlannerError.invalid(field: "depth", problem: "1e+300 is no whole number")) {
      try question.with("depth", 1e300)
    }
    #expect(
      throws: PlannerError.invalid(
        field: "sweep", problem: "'heads' is none of prompt, depth, batch, weights and cache")
    ) { try question.with("heads", 2) }
  }
}
