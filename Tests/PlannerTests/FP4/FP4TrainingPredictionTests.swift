import Costs
import Planner
import Testing

@Suite struct FP4TrainingPredictionTests {
  private func model(_ gain: Double) throws -> FP4TrainingPrediction {
    FP4TrainingPrediction(on: try DeviceCatalogue.published.device("H100"), gain: gain)
  }

  private var recipe: FP4TrainingPrediction.Recipe { FP4TrainingPrediction.recipes[3] }

  @Test func hadamardAndChancePayFromWidth1024On() throws {
    for gain in [2.0, 4] {
      let model = try model(gain)
      for width in [1024.0, 2048, 4096, 8192] {
        let seconds = try model.seconds(recipe, rows: 16384, width: width)
        #expect(seconds < (try model.halfSeconds(rows: 16384, width: width)), "\(gain), \(width)")
        if gain == 4 { #expect(seconds < (try model.eightBitSeconds(rows: 16384, width: width)), "\(width)") }
      }
      #expect(try model.seconds(recipe, rows: 16384, width: 128) > model.halfSeconds(rows: 16384, width: 128))
    }
  }

  @Test func everyStabiliserCosts() throws {
    let model = try model(4)
    let seconds = try FP4TrainingPrediction.recipes.map { try model.seconds($0, rows: 16384, width: 1024) }
    #expect(seconds[0] < seconds[1] && seconds[3] < seconds[4] && seconds[4] <= seconds[5])
    #expect(recipe.turning == 8)
    // Wide layers come near to the products' own gain.
    let wide = try model.halfSeconds(rows: 1e6, width: 1e6) / model.seconds(recipe, rows: 1e6, width: 1e6)
    #expect(wide > 3.9 && wide <= 4)
  }

  @Test func aDeviceWithoutTheFormatsIsRefused() throws {
    var device = try DeviceCatalogue.published.device("H100")
    device.compute[.f32] = nil
    #expect(throws: PlannerError.self) {
      try FP4TrainingPrediction(on: device, gain: 4).seconds(recipe, rows: 1, width: 1)
    }
  }
}
