"""The module CovidQuant of 3D Slicer: a shell. What it does is in `CovidQuantLib`, its screen in `slicer_app`."""

import sys
from pathlib import Path

import slicer
from slicer.i18n import tr as _
from slicer.i18n import translate
from slicer.ScriptedLoadableModule import (
    ScriptedLoadableModule,
    ScriptedLoadableModuleLogic,
    ScriptedLoadableModuleTest,
    ScriptedLoadableModuleWidget,
)


def _make_library_importable() -> None:
    """Put the folder that holds `CovidQuantLib` on the path: this one once it is built, else its parent."""
    here = Path(__file__).resolve().parent
    for folder in (here, here.parent):
        if (folder / "CovidQuantLib" / "__init__.py").is_file():
            if str(folder) not in sys.path:
                sys.path.append(str(folder))
            return


_make_library_importable()


class CovidQuant(ScriptedLoadableModule):
    """What Slicer's list of modules says about this one."""

    def __init__(self, parent):
        ScriptedLoadableModule.__init__(self, parent)
        self.parent.title = _("CovidQuant")
        self.parent.categories = [translate("qSlicerAbstractCoreModule", "Quantification")]
        self.parent.dependencies = ["Segmentations", "SegmentEditor", "Volumes", "SubjectHierarchy", "Plots"]
        self.parent.contributors = ["The CovidQuant contributors"]
        self.parent.helpText = _(
            "Lungs, lobes, segments and pneumonia infection of a chest CT, with every number about them; corrections "
            "that are timed and pooled; models that learn from them. Research software, not a medical device."
        )
        self.parent.acknowledgementText = _(
            "After Shan et al. 2020, Lung Infection Quantification of COVID-19 in CT Images with Deep Learning."
        )
        slicer.app.connect("startupCompleted()", register_sample_data)


class CovidQuantLogic(ScriptedLoadableModuleLogic):
    """The parameter node of the screen."""

    def getParameterNode(self):
        """The state of the screen, typed, in the scene."""
        from CovidQuantLib.slicer_app.parameters import ScreenParameters

        return ScreenParameters(super().getParameterNode())


class CovidQuantWidget(ScriptedLoadableModuleWidget):
    """The screen, opened, left and closed as Slicer asks for it."""

    def __init__(self, parent=None):
        ScriptedLoadableModuleWidget.__init__(self, parent)
        self.screen = None

    def setup(self):
        """Build the screen."""
        ScriptedLoadableModuleWidget.setup(self)
        from CovidQuantLib.slicer_app.module_screen import ModuleScreen

        self.logic = CovidQuantLogic()
        self.screen = ModuleScreen(self.layout, self.resourcePath, self.logic.getParameterNode)
        if self.parent.isEntered:  # loaded again while it is open: Slicer enters it only when it is opened
            self.screen.enter()

    def enter(self):
        """The user opened the module."""
        if self.screen is not None:
            self.screen.enter()

    def exit(self):
        """The user left the module."""
        if self.screen is not None:
            self.screen.leave()

    def cleanup(self):
        """Slicer ends, or the module is loaded again."""
        if self.screen is not None:
            self.screen.close()
            self.screen = None

    def onReload(self):
        """Load the module again, with its library."""
        self.cleanup()
        for name in [name for name in sys.modules if name.split(".")[0] == "CovidQuantLib"]:
            del sys.modules[name]
        ScriptedLoadableModuleWidget.onReload(self)


class CovidQuantTest(ScriptedLoadableModuleTest):
    """Slicer's self test: the whole circle on a synthetic chest. Its body is in the library."""

    def setUp(self):
        """Start from an empty scene."""
        slicer.mrmlScene.Clear(0)

    def runTest(self):
        """Run the test."""
        from CovidQuantLib.slicer_app.self_test import SelfTest

        self.setUp()
        if slicer.util.mainWindow() is not None:
            slicer.util.selectModule("CovidQuant")  # so that Slicer leaves it when another one is opened
        SelfTest(slicer.util.getModuleWidget("CovidQuant").screen, self.delayDisplay).run()


def register_sample_data():
    """Offer the public chest CT that Slicer offers already, under this module's name too."""
    import SampleData

    SampleData.SampleDataLogic.registerCustomSampleDataSource(
        category="CovidQuant",
        sampleName="CTChest",
        uris="https://github.com/Slicer/SlicerTestingData/releases/download/SHA256/"
        "4507b664690840abb6cb9af2d919377ffc4ef75b167cb6fd0f747befdb12e38e",
        fileNames="CT-chest.nrrd",
        nodeNames="CTChest",
        checksums="SHA256:4507b664690840abb6cb9af2d919377ffc4ef75b167cb6fd0f747befdb12e38e",
    )
