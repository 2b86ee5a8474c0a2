import ArgumentParser

/// What something would cost on machines that are not here.
package struct Planning: ParsableCommand {
  package static let configuration = CommandConfiguration(
    commandName: "plan", abstract: "What a model would cost on machines that are not here, and what bounds it.",
    subcommands: [
      PlanDevices.self, PlanMemory.self, PlanFinetune.self, PlanState.self, PlanInference.self, PlanLongContext.self,
      PlanTestTime.self, PlanServe.self, PlanSplitwise.self, PlanNexus.self, PlanFleet.self, PlanParallel.self,
      PlanTune.self, PlanDissect.self, PlanSensitivity.self, PlanScale.self, PlanTopology.self, PlanFabric.self,
      PlanExpertDecode.self, PlanWeave.self, PlanAttentionIO.self, PlanLadder.self, PlanExpertOffload.self,
      PlanDeepSeek.self,
      PlanIdealized.self, PlanPipeline.self, PlanRLFit.self, PlanScaleConvnet.self, PlanZeppelin.self,
      PlanCalibrate.self, PlanValidate.self,
    ])

  package init() {}
}
