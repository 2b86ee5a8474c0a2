import Costs
import Planner
import Testing

@Suite struct FlashAttention2PredictionTests {
  @Test func theSheetsRowsAreMet() throws {
    let predictions = try FlashAttention2Prediction.predictions()
    #expect(predictions.count == 16 && Set(predictions.map(\.name)).count == 16)
    for prediction in predictions {
      #expect(prediction.met && abs(prediction.error) <= 0.2, "\(prediction.name): \(prediction.error)")
      #expect(prediction.verified && prediction.limit == 0.2)
      #expect(prediction.heldOut == !prediction.name.hasPrefix("GPT3-1.3B at 2k"))
    }
  }

  /// The two numbers that constants are fitted on come out again; both constants are fractions of the device's limits.
  @Test func theFitReproducesItsRow() throws {
    let row = FlashAttention2Row.table[0]
    let device = try DeviceCatalogue.published.device("A100")
    let fitted = try FlashAttention2Prediction(fittedOn: row, device: device)
    #expect(abs(try fitted.teraflops(row, .standard) / 142 - 1) < 1e-6)
    #expect(abs(try fitted.teraflops(row, .v2) / 196 - 1) < 1e-6)
    for fraction in [fitted.matmul, fitted.memory] { #expect(fraction > 0.2 && fraction < 0.95) }
  }

  /// Held-out numbers, and the one of the fitted row that is not fitted on, do not reach the predictions.
  @Test func predictionsComeFromTheFittedRowAlone() throws {
    let rows = FlashAttention2Row.table
    let before = try FlashAttention2Prediction.predictions(rows: rows)
    var changed = rows
    changed[0].v1.figure.value *= 3
    for index in changed.indices.dropFirst() {
      changed[index].standard.figure.value *= 2
      changed[index].v1.figure.value /= 5
      changed[index].v2.figure.value += 100
    }
    let after = try FlashAttention2Prediction.predictions(rows: changed)
    #expect(after.map(\.predicted) == before.map(\.predicted))
    #expect(after.map(\.published) != before.map(\.published))
    changed = rows
    changed[0].v2.figure.value *= 1.1
    let moved = try FlashAttention2Prediction.predictions(rows: changed)
    #expect(zip(moved, before).allSatisfy { !$0.heldOut || $0.predicted != $1.predicted })
  }

  /// No fraction of the device's limits reaches a speed above its peak: the fit stops at its limit and the error shows.
  @Test func aRowBeyondTheDeviceIsNotFitted() throws {
    var row = FlashAttention2Row.table[0]
    row.v2.figure.value = 400
    let predictions = try FlashAttention2Prediction.predictions(rows: [row])
    #expect(predictions.count == 4 && !predictions[2].met && predictions[2].predicted < 312)
    #expect(try FlashAttention2Prediction.predictions(rows: []).isEmpty)
  }

  /// The paper's count: 6·N·parameters + 12·layers·width·N² for each of the device's sequences.
  @Test func operationsAreCountedAsThePaperCounts() throws {
    let row = FlashAttention2Row.table[1]
    let parameters = 24 * (12 * 2048 * 2048 + 13 * 2048) + (50264 + 8192 + 2) * 2048
    #expect(row.shape.parameters == parameters)
    let sequence = 6.0 * 8192 * Double(parameters) + 12.0 * 24 * 2048 * 8192 * 8192
    #expect(FlashAttention2Prediction.countedOperations(row) == 16 * sequence)
  }

  /// Matrices of 8192 × 8192 do not fit beside the model, those of 2048 × 2048 do; tiles keep none.
  @Test func onlyLongMatricesAreComputedAgain() throws {
    let device = try DeviceCatalogue.published.device("A100")
    for row in FlashAttention2Row.table {
      for attention in FlashAttention2Prediction.Attention.allCases {
        let step = try FlashAttention2Prediction.step(row, attention, on: device)
        let again = step.operators.contains { $0.name.hasSuffix(".again") }
        #expect(again == (attention == .standard && row.tokens == 8192))
      }
    }
  }
}
