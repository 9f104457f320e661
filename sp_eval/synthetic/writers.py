"""Who writes the files of each style: functions from a world's records to a sender's tables."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Final

from sp_eval.synthetic.city_and_hackney import case_files, emis_files
from sp_eval.synthetic.gateshead import practice_log
from sp_eval.synthetic.gloucestershire_files import area_files
from sp_eval.synthetic.gloucestershire_hubs import hub_files
from sp_eval.synthetic.halton import officers_workbook
from sp_eval.synthetic.herts_west_essex import triage_files
from sp_eval.synthetic.identity import Identity
from sp_eval.synthetic.leeds_crm import crm_files
from sp_eval.synthetic.leeds_data_lake import data_lake_files
from sp_eval.synthetic.newham import schedule_files
from sp_eval.synthetic.raw_table import RawTable
from sp_eval.synthetic.rotherham_extracts import extract_files
from sp_eval.synthetic.rotherham_workbook import workbook_sheets
from sp_eval.synthetic.settings import WorldSettings
from sp_eval.synthetic.surrey import borough_files
from sp_eval.synthetic.tower_hamlets import network_files, template_files
from sp_eval.synthetic.ways_to_wellness_area import commissioner_files
from sp_eval.synthetic.ways_to_wellness_crm import provider_files
from sp_eval.synthetic.world import Records

__all__ = ["WRITERS"]

Writer = Callable[[WorldSettings, Records, Identity, int], list[RawTable]]
# each as the files were on a day number (exclusive)
WRITERS: Final[Mapping[str, Sequence[Writer]]] = {
    "rotherham": (workbook_sheets, extract_files),
    "gloucestershire": (hub_files, area_files),
    "leeds": (crm_files, data_lake_files),
    "ways_to_wellness": (provider_files, commissioner_files),
    "city_and_hackney": (case_files, emis_files),
    "tower_hamlets": (template_files, network_files),
    "newham": (schedule_files,),
    "halton": (officers_workbook,),
    "surrey": (borough_files,),
    "gateshead": (practice_log,),
    "herts_west_essex": (triage_files,),
}
