"""All that touches slicer, vtk or qt: the worker process, the scene, the edit session and the panels.

Nothing here computes for longer than 0.2 seconds: the command line does, in a process of its own. Every class stands in
a file of its own name. What the panels build on:

    connections.connect(widget, "clicked(bool)", slot)       raises where PythonQt would say nothing
    connections.Observations()                               .connect .observe .filter_events .forget .clear

    worker.Worker()                                          .start(arguments, on_progress, on_result, on_error)
                                                             .cancel() .end_now() .running
    worker.Failure                                           .kind "input" "cancelled" "bug" "ended", .sentence
    case_job.CaseJob(worker)                                 one click: export, quantify, hand over, clean up
        .start(volume, options, on_progress, on_done(folder), on_error(failure))  .cancel() .end_now() .running
    private_folder.PrivateFolder()                           .path .remove()

    ct_export.ct_grid(volume) -> CtGrid                      .stored .order .geometry
    ct_export.export_ct(volume, path, handle_events)         uncompressed NRRD for any other command of the worker
    patient.patient_of(volume) -> Subject | None             None: ask

    segmentation_nodes.load_results(folder, volume, handle_events) -> CaseNodes(volume, anatomy, infection)
    segmentation_nodes.case_nodes_of(volume) -> list[CaseNodes]       also after a scene was loaded; the newest last
    segmentation_nodes.remove_case_nodes(nodes)              ask first where `is_edited(nodes)`
    segmentation_nodes.show_lung_window(volume), show_mediastinal_window(volume)
    surfaces.show_surfaces(node, handle_events), surfaces.hide_surfaces(node)
    label_arrays.read_labels(node, structures, volume), write_labels(node, structures, box, labels, volume)

    edit_session.EditSession(nodes, name, start, Listeners(numbers, outside_ml, problem, closed, drawing), ...)
        .begin(draft or None) .follow_editor(node) .settle() .submit() .close()
        .is_open .is_saved .is_unchanged .waiting_ml .lung_slices
        .delete_component(ras) .change_class(ras) .grow_from(ras) .split_again(hu) .add_to_lung() .dismiss_outside()
        .infection_outside() .repair_outside("add" or "cut")                before submitting
        .edits: .drawing "ggo" "consolidation" "unclassified", .inside_lungs
        .views.seen (axial slices), .live.numbers() (Numbers), .recorder (EditLogRecorder), .drafts.is_saved
    draft_place.local_draft_name(series_code, reader)        the draft's place where there is no pool
    hitl.pool: draft_name(pool, scan, reader), load_draft(name), drafts(pool), remove_draft(name)

Voxel arrays are uint8, axes (k, j, i) as the volume node stores them, unless a docstring says "library order".
"""
